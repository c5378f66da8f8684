/**
 * StoreIndex: what follows the journal and is read instead of it. It may lose its newest records in a crash, never some in the
 * middle: `applied` names the last one it holds, and the journal gives it the rest again.
 */

import { opened } from './envelope.ts';
import type { SealedWrite } from './journal/record.ts';
import { MemoryState } from './memory-state.ts';
import type { StoreEntry, StoreKey, StoreRange, StoreReader, StoreSnapshot } from './metadata-store.ts';

/** Which commit an index has reached, and the last epoch that one had. */
export interface Applied {
  sequence: number;
  epoch: number;
}

export interface StoreIndex extends StoreReader {
  /** What it held when it was opened. */
  readonly found: Applied;
  /** Applies the writes of one or more records and `applied`: all or nothing, in the order of the calls. */
  apply(writes: readonly SealedWrite[], applied: Applied): Promise<void>;
  snapshot(): Promise<StoreSnapshot>;
  /**
   * Makes durable what has been applied before the call.
   * @returns The sequence that the next opening will find at least.
   */
  flush(): Promise<number>;
  close(): Promise<void>;
}

/** An index in memory: each start replays the whole journal. For simulation, where an engine cannot go. */
export class MemoryIndex implements StoreIndex {
  readonly found: Applied = { sequence: 0, epoch: 0 };
  readonly #state = new MemoryState();

  async apply(writes: readonly SealedWrite[]): Promise<void> {
    this.#state.apply(writes.map(({ key, envelope }) => ({ key, value: envelope && opened(key, envelope).slice() })));
  }

  async getMany(keys: readonly StoreKey[]): Promise<(Uint8Array | undefined)[]> {
    return this.#state.getMany(keys);
  }

  async scan(range: StoreRange, options: { limit: number; reverse?: boolean }): Promise<StoreEntry[]> {
    return this.#state.scan(range, options);
  }

  async snapshot(): Promise<StoreSnapshot> {
    return this.#state.snapshot();
  }

  async flush(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {}
}
