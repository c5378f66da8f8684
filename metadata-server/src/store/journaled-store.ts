/**
 * A MetadataStore whose truth is a journal and whose index follows it.
 *
 *   commit --> waiting --> [ journal: one write, one sync ] --> [ index batch | mark ] --> resolved
 *                  while one group syncs, the next gathers;  while one is applied, the next syncs
 *
 * Invariants: readers see only what is durable; commits take effect in the order of the calls; after the first failure
 * nothing more is written and every call rejects, because only a fresh start can tell what is durable.
 */
import { CairnError, type Log, toCairnError } from '@cairn/core';
import type { Journal } from './journal/journal.ts';
import { type EncodedRecord, encodeRecord } from './journal/record.ts';
import type {
  Lease,
  MetadataStore,
  StoreEntry,
  StoreKey,
  StoreRange,
  StoreSnapshot,
  StoreWrite,
} from './metadata-store.ts';
import { SingleLease } from './single-lease.ts';
import type { Applied, StoreIndex } from './store-index.ts';

/** One group shares a write and a sync. IOV_MAX (1,024 on Linux) bounds the pieces of one write. */
const RECORDS_PER_GROUP_MAX = 512;
const BYTES_PER_GROUP_MAX = 8 * 1024 * 1024;

export interface JournaledStoreOptions {
  journal: Journal;
  index: StoreIndex;
  /** Where the journal and the index stand. */
  applied: Applied;
  /** A segment longer than this is followed by a checkpoint. */
  segmentBytesMax: number;
  log: Log;
  /** Lets another process have the folder; the last thing that is done. */
  unlock: () => Promise<void>;
}

interface Waiting {
  record: EncodedRecord;
  resolve: () => void;
  reject: (error: CairnError) => void;
}

export class JournaledStore implements MetadataStore {
  readonly #options: JournaledStoreOptions;
  readonly #journal: Journal;
  readonly #index: StoreIndex;
  readonly #lease = new SingleLease();
  #lastSequence: number;
  #lastEpoch: number;
  /** In order; bounded by the executor, which has few commits in flight. */
  #waiting: Waiting[] = [];
  #pumping: Promise<void> | undefined;
  #applying: Promise<void> = Promise.resolve();
  #checkpointing: Promise<void> | undefined;
  #failure: CairnError | undefined;
  #closed = false;

  constructor(options: JournaledStoreOptions) {
    this.#options = options;
    this.#journal = options.journal;
    this.#index = options.index;
    this.#lastSequence = options.applied.sequence;
    this.#lastEpoch = options.applied.epoch;
  }

  async getMany(keys: readonly StoreKey[]): Promise<(Uint8Array | undefined)[]> {
    this.#checkUsable();
    return this.#index.getMany(keys);
  }

  async scan(range: StoreRange, options: { limit: number; reverse?: boolean }): Promise<StoreEntry[]> {
    this.#checkUsable();
    return this.#index.scan(range, options);
  }

  async snapshot(): Promise<StoreSnapshot> {
    this.#checkUsable();
    return this.#index.snapshot();
  }

  async commit(writes: readonly StoreWrite[], epoch: number): Promise<void> {
    this.#checkUsable();
    this.#lease.check(epoch);
    await this.#enqueue(writes, epoch);
  }

  acquireLease(_holder: string): Promise<Lease> {
    return this.#lease.acquire(async () => {
      this.#checkUsable();
      this.#lastEpoch += 1;
      const epoch = this.#lastEpoch;
      await this.#enqueue([], epoch);
      return epoch;
    });
  }

  /** Waits for what was asked before. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#pumping;
    await this.#applying;
    await this.#checkpointing;
    await this.#index.close();
    await this.#journal.close();
    await this.#options.unlock();
  }

  #checkUsable(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw new CairnError('UNAVAILABLE', 'the metadata store is closed');
  }

  #enqueue(writes: readonly StoreWrite[], epoch: number): Promise<void> {
    const record = encodeRecord({ sequence: this.#lastSequence + 1, epoch, writes });
    this.#lastSequence += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject });
      this.#pumping ??= this.#pump();
    });
  }

  /** Never rejects: a failure poisons the store. */
  async #pump(): Promise<void> {
    // What is committed in the same turn of the event loop shares the first sync.
    await Promise.resolve();
    while (this.#waiting.length > 0 && this.#failure === undefined) {
      const group = this.#takeGroup();
      try {
        await this.#journal.append(group.map(({ record }) => record));
        await this.#applying;
        this.#applying = this.#apply(group);
        if (this.#journal.tailBytes >= this.#options.segmentBytesMax && this.#checkpointing === undefined) {
          await this.#journal.rotate();
          this.#checkpointing = this.#checkpoint();
        }
      } catch (error) {
        this.#poison(error, group);
      }
    }
    this.#pumping = undefined;
  }

  #takeGroup(): Waiting[] {
    let count = 0;
    let bytes = 0;
    for (const { record } of this.#waiting) {
      bytes += record.bytes.length;
      if (count > 0 && (bytes > BYTES_PER_GROUP_MAX || count === RECORDS_PER_GROUP_MAX)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  /** Never rejects: a failure poisons the store. */
  async #apply(group: readonly Waiting[]): Promise<void> {
    const last = group.at(-1)?.record;
    if (last === undefined || this.#failure !== undefined) return this.#rejectAll(group);
    try {
      const writes = group.length === 1 ? last.writes : group.flatMap(({ record }) => record.writes);
      const applied = { sequence: last.sequence, epoch: last.epoch };
      await Promise.all([this.#index.apply(writes, applied), this.#journal.acknowledge(last.sequence)]);
      for (const { resolve } of group) resolve();
    } catch (error) {
      this.#poison(error, group);
    }
  }

  /** Runs beside commits. A failed one is tried again when the next segment is full. Never rejects. */
  async #checkpoint(): Promise<void> {
    try {
      await this.#applying;
      await this.#journal.removeUpTo(await this.#index.flush());
    } catch (error) {
      this.#options.log.warn({ error: toCairnError(error) }, 'a checkpoint of the metadata failed; its journal stays');
    }
    this.#checkpointing = undefined;
  }

  #poison(thrown: unknown, group: readonly Waiting[]): void {
    const failure = toCairnError(thrown);
    if (this.#failure === undefined) {
      this.#failure = failure;
      this.#options.log.error({ error: failure }, 'the metadata store has failed and takes no more calls');
    }
    this.#rejectAll(group);
    this.#rejectAll(this.#waiting.splice(0));
  }

  #rejectAll(group: readonly Waiting[]): void {
    for (const { reject } of group) reject(this.#failure ?? new CairnError('INTERNAL'));
  }
}
