/**
 * Which commit results are recorded, and which of them may go: those that their session has settled, and all of a session that is no
 * longer open. A mirror of the keys of the commit results; only the settled counters are hearsay.
 */
import type { SessionId } from '@cairn/core';
import { commitOfKey } from '../keys.ts';
import type { SettledResults } from '../operations/settle-results.ts';
import type { StoreKey } from '../store/metadata-store.ts';

/** Results in one command of the sweep. */
const COUNTERS_MAX = 2048;

export class ResultIndex {
  readonly #counters = new Map<SessionId, Set<number>>();
  readonly #settled = new Map<SessionId, number>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** A commit of this session said that results up to this counter are no longer needed. */
  settle(session: SessionId, counter: number): void {
    if (counter > (this.#settled.get(session) ?? 0)) this.#settled.set(session, counter);
  }

  /** What may be removed now. */
  removable(isOpen: (session: SessionId) => boolean): SettledResults[] {
    const removable: SettledResults[] = [];
    for (const [session, recorded] of this.#counters) {
      const open = isOpen(session);
      const settledCounter = open ? (this.#settled.get(session) ?? 0) : Number.MAX_SAFE_INTEGER;
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
    else {
      this.#counters.delete(session);
      this.#settled.delete(session);
    }
  }
}
