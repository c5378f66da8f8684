/** MetadataStore in memory: for tests and simulation of everything above the store. Nothing outlives the process. */
import { CairnError } from '@cairn/core';
import { MemoryState } from './memory-state.ts';
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

export class MemoryStore implements MetadataStore {
  readonly #state = new MemoryState();
  readonly #lease = new SingleLease();
  #lastEpoch = 0;
  #closed = false;

  async getMany(keys: readonly StoreKey[]): Promise<(Uint8Array | undefined)[]> {
    this.#checkOpen();
    return this.#state.getMany(keys);
  }

  async scan(range: StoreRange, options: { limit: number; reverse?: boolean }): Promise<StoreEntry[]> {
    this.#checkOpen();
    return this.#state.scan(range, options);
  }

  async snapshot(): Promise<StoreSnapshot> {
    this.#checkOpen();
    return this.#state.snapshot();
  }

  async commit(writes: readonly StoreWrite[], epoch: number): Promise<void> {
    this.#checkOpen();
    this.#lease.check(epoch);
    this.#state.apply(writes.map(({ key, value }) => ({ key, value: value?.slice() })));
  }

  acquireLease(_holder: string): Promise<Lease> {
    return this.#lease.acquire(async () => {
      this.#checkOpen();
      this.#lastEpoch += 1;
      return this.#lastEpoch;
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #checkOpen(): void {
    if (this.#closed) throw new CairnError('UNAVAILABLE', 'the metadata store is closed');
  }
}
