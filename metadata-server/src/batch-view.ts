/**
 * What the commands of one batch see: the writes of those before them, then the resident tables, then values that were loaded
 * from the store for this batch. No commit is under way while a batch decides, so a loaded value cannot be out of date.
 *
 * A value that is not there yet is noted as wanted and the run is left by throwing NOT_LOADED; `load` fetches what is wanted.
 */
import type { View } from './command.ts';
import type { ResidentRows } from './resident-rows.ts';
import type { StoreEntry, StoreKey, StoreRange, StoreReader, StoreWrite } from './store/metadata-store.ts';

/** One instance: it is thrown often, and needs no stack. */
export const NOT_LOADED = new Error('a value is not loaded yet');

/** A first look at a range; doubled while all that was found has been removed by the batch itself. */
const RANGE_ENTRIES = 16;

interface LoadedRange {
  range: StoreRange;
  limit: number;
  entries: readonly StoreEntry[];
}

export class BatchView implements View {
  readonly #resident: ResidentRows;
  readonly #overlay = new Map<StoreKey, Uint8Array | undefined>();
  readonly #loaded = new Map<StoreKey, Uint8Array | undefined>();
  readonly #ranges = new Map<string, LoadedRange>();
  #bytes = 0;
  readonly #wantedKeys = new Set<StoreKey>();
  readonly #wantedRanges = new Map<string, { range: StoreRange; limit: number }>();

  constructor(resident: ResidentRows) {
    this.#resident = resident;
  }

  get(key: StoreKey): Uint8Array | undefined {
    const written = this.#overlay.get(key);
    if (written !== undefined || this.#overlay.has(key)) return written;
    if (this.#resident.holds(key)) return this.#resident.get(key);
    const value = this.#loaded.get(key);
    if (value !== undefined || this.#loaded.has(key)) return value;
    this.#wantedKeys.add(key);
    throw NOT_LOADED;
  }

  first(range: StoreRange): StoreEntry | undefined {
    const name = `${range.from}/${range.to}`;
    const loaded = this.#ranges.get(name);
    if (loaded === undefined) {
      this.#wantedRanges.set(name, { range, limit: RANGE_ENTRIES });
      throw NOT_LOADED;
    }
    const stored = loaded.entries.find((entry) => !this.#overlay.has(entry.key));
    if (stored === undefined && loaded.entries.length === loaded.limit) {
      this.#wantedRanges.set(name, { range, limit: loaded.limit * 2 });
      throw NOT_LOADED;
    }
    let first = stored;
    for (const [key, value] of this.#overlay) {
      if (value === undefined || key < range.from || key >= range.to) continue;
      if (first === undefined || key < first.key) first = { key, value };
    }
    return first;
  }

  want(keys: readonly StoreKey[]): void {
    for (const key of keys) if (!this.#resident.holds(key)) this.#wantedKeys.add(key);
  }

  /** Fetches everything that is wanted, all keys in one read. */
  async load(store: StoreReader): Promise<void> {
    if (this.#wantedKeys.size > 0) {
      const keys = [...this.#wantedKeys];
      this.#wantedKeys.clear();
      const values = await store.getMany(keys);
      for (const [at, key] of keys.entries()) this.#loaded.set(key, values[at]);
    }
    for (const [name, { range, limit }] of this.#wantedRanges) {
      this.#ranges.set(name, { range, limit, entries: await store.scan(range, { limit }) });
    }
    this.#wantedRanges.clear();
  }

  add(writes: readonly StoreWrite[]): void {
    for (const { key, value } of writes) {
      this.#overlay.set(key, value);
      this.#bytes += key.length + (value?.length ?? 0);
    }
  }

  /** About what the writes take in a commit. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The last write of each key. */
  get writes(): StoreWrite[] {
    const writes: StoreWrite[] = [];
    for (const [key, value] of this.#overlay) writes.push({ key, value });
    return writes;
  }
}
