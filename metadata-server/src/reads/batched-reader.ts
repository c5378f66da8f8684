/**
 * Point reads, gathered: all keys that are asked for in one turn of the event loop are fetched by one read of the store, so the reads
 * that arrive packed in one message cost one trip. Linearizable: the store shows a commit before its caller is answered.
 */
import { CairnError, LIMITS } from '@cairn/core';
import type { StoreKey, StoreReader } from '../store/metadata-store.ts';

const KEYS_PER_READ_MAX = 256;

interface Waiting {
  key: StoreKey;
  resolve: (value: Uint8Array | undefined) => void;
  reject: (error: unknown) => void;
}

export class BatchedReader {
  readonly #store: StoreReader;
  #waiting: Waiting[] = [];
  #inFlight = 0;

  constructor(store: StoreReader) {
    this.#store = store;
  }

  get(key: StoreKey): Promise<Uint8Array | undefined> {
    if (this.#inFlight >= LIMITS.commandsQueuedMax) {
      return Promise.reject(new CairnError('OVERLOADED', 'too many metadata reads are under way'));
    }
    this.#inFlight += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject });
      if (this.#waiting.length === 1) queueMicrotask(() => this.#readAll());
    });
  }

  #readAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let at = 0; at < waiting.length; at += KEYS_PER_READ_MAX) {
      void this.#read(waiting.slice(at, at + KEYS_PER_READ_MAX));
    }
  }

  async #read(batch: readonly Waiting[]): Promise<void> {
    try {
      const values = await this.#store.getMany(batch.map(({ key }) => key));
      for (const [at, { resolve }] of batch.entries()) resolve(values[at]);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#inFlight -= batch.length;
    }
  }
}
