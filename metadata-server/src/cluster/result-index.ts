/**
 * Which commit results are recorded, and which of them may go: those that their session has settled, and all of a session that is no
 * longer open. A mirror of the keys of the commit results.
 */
import type { SessionId } from '@cairn/core';
import { commitOfKey } from '../keys.ts';
import type { SettledResults } from '../operations/settle-results.ts';
import type { StoreKey } from '../store/metadata-store.ts';

/** Results in one command of the sweep. */
const COUNTERS_MAX = 2048;

export class ResultIndex {
  readonly #counters = new Map<SessionId, Set<number>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /**
   * What may be removed now.
   * @param settledOf Up to which counter a session has settled; undefined when it is not open.
   */
  removable(settledOf: (session: SessionId) => number | undefined): SettledResults[] {
    const removable: SettledResults[] = [];
    for (const [session, recorded] of this.#counters) {
      const settledCounter = settledOf(session) ?? Number.MAX_SAFE_INTEGER;
      const counters: number[] = [];
      for (const counter of recorded) {
        if (counter <= settledCounter && counters.length < COUNTERS_MAX) counters.push(counter);
      }
      if (counters.length > 0) removable.push({ session, settledCounter, counters });
    }
    return removable;
  }

  apply(key: StoreKey, value: Uint8Array | undefined): void {
    const { session, counter } = commitOfKey(key);
    const counters = this.#counters.get(session) ?? new Set();
    const before = counters.size;
    if (value === undefined) counters.delete(counter);
    else counters.add(counter);
    this.#size += counters.size - before;
    if (counters.size > 0) this.#counters.set(session, counters);
    else this.#counters.delete(session);
  }
}
