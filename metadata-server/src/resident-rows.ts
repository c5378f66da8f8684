/**
 * The small tables, held in memory whole: one writer leads, and it applies every durable commit here, so this is exactly what
 * the store holds. Everything else in leader memory that mirrors rows (buckets, volumes, nodes, sessions) follows the same
 * stream of rows: at the start from the store, then from each commit.
 */
import { TABLES, type TableName, tableOf, tableRange } from './keys.ts';
import type { MetadataStore, StoreKey, StoreWrite } from './store/metadata-store.ts';

/** Told of every row of its table: at loading, and after each durable commit. `value` undefined: the row is gone. */
export type RowObserver = (key: StoreKey, value: Uint8Array | undefined) => void;

const RESIDENT: readonly TableName[] = ['system', 'bucket', 'session', 'commitResult', 'volume', 'node'];
/** Not held, but watched: only the sum of the queued bytes is kept. */
const WATCHED: readonly TableName[] = ['garbage'];

const PAGE_ENTRIES = 4096;
const IS_RESIDENT = tableFlags(RESIDENT);

function tableFlags(names: readonly TableName[]): readonly boolean[] {
  const flags: boolean[] = new Array(Math.max(...Object.values(TABLES)) + 1).fill(false);
  for (const name of names) flags[TABLES[name]] = true;
  return flags;
}

export class ResidentRows {
  readonly #rows = new Map<StoreKey, Uint8Array>();
  readonly #observers: RowObserver[][] = IS_RESIDENT.map(() => []);

  observe(table: TableName, observer: RowObserver): void {
    this.#observers[TABLES[table]]?.push(observer);
  }

  /** Whether this answers for the key; the others are read from the store. */
  holds(key: StoreKey): boolean {
    return IS_RESIDENT[tableOf(key)] === true;
  }

  get(key: StoreKey): Uint8Array | undefined {
    return this.#rows.get(key);
  }

  /** Once, before anything is written. */
  async load(store: MetadataStore): Promise<void> {
    for (const table of [...RESIDENT, ...WATCHED]) {
      const range = tableRange(table);
      for (;;) {
        const page = await store.scan(range, { limit: PAGE_ENTRIES });
        for (const { key, value } of page) this.#applyOne(key, value);
        const last = page.at(-1);
        if (last === undefined || page.length < PAGE_ENTRIES) break;
        range.from = `${last.key}\0` as StoreKey;
      }
    }
  }

  /** After each durable commit, in order. */
  apply(writes: readonly StoreWrite[]): void {
    for (const { key, value } of writes) this.#applyOne(key, value);
  }

  #applyOne(key: StoreKey, value: Uint8Array | undefined): void {
    if (this.holds(key)) {
      if (value === undefined) this.#rows.delete(key);
      else this.#rows.set(key, value);
    }
    for (const observer of this.#observers[tableOf(key)] ?? []) observer(key, value);
  }
}
