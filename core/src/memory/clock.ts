/**
 * Time that stands still until it is told to go on. Timers fire in the order of their due times, those due at once in the order
 * they were set, so a run with the same seed is the same run. Between two timers everything that waits only on promises comes
 * to rest first.
 */
import { invariant } from '../invariant.ts';
import type { Clock, Timer } from '../ports/clock.ts';

interface Entry {
  dueMs: number;
  action: () => void;
  background: boolean;
}

export interface VirtualClockOptions {
  /** The wall clock's first reading. */
  startMs?: number;
  /** Resolves when nothing but timers is left to wait for. The default is good where all work is in memory. */
  settled?: () => Promise<void>;
}

export class VirtualClock implements Clock {
  readonly #entries: Entry[] = [];
  readonly #settled: () => Promise<void>;
  #monotonicMs = 0;
  #wallOffsetMs: number;

  constructor({ startMs = Date.UTC(2030, 0), settled }: VirtualClockOptions = {}) {
    this.#wallOffsetMs = startMs;
    // An immediate runs when the queues of promise jobs are empty.
    this.#settled = settled ?? (() => new Promise((resolve) => setImmediate(resolve)));
  }

  now(): number {
    return Math.floor(this.#wallOffsetMs + this.#monotonicMs);
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  schedule(delayMs: number, action: () => void, options?: { background?: boolean }): Timer {
    const dueMs = this.#monotonicMs + Math.max(0, delayMs);
    invariant(!Number.isNaN(dueMs), 'a delay is a number');
    const entry = { dueMs, action, background: options?.background ?? false };
    this.#entries.splice(this.#placeAfter(dueMs), 0, entry);
    return {
      cancel: () => {
        const at = this.#entries.indexOf(entry);
        if (at >= 0) this.#entries.splice(at, 1);
      },
    };
  }

  /** A clock of one process: the same time and timers, a wall clock that is `skewMs` ahead. */
  skewed(skewMs: number): Clock {
    return {
      now: () => this.now() + skewMs,
      monotonic: () => this.monotonic(),
      schedule: (delayMs, action, options) => this.schedule(delayMs, action, options),
    };
  }

  /** Sets the wall clock forward or back, as an administrator would. Timers do not notice. */
  jump(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** How many timers wait that keep a process alive. */
  get pendingTimers(): number {
    return this.#entries.filter((entry) => !entry.background).length;
  }

  /** Lets `ms` pass, and everything happen that is due meanwhile. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    await this.#settled();
    while (this.#fireFirst(endMs)) await this.#settled();
    this.#monotonicMs = endMs;
  }

  /**
   * Lets time pass until the work is done, and not a millisecond more.
   * @param limitMs How much time may pass.
   * @throws What the work rejects with, or an Error when it waits for nothing or for longer than the limit.
   */
  async run<T>(work: Promise<T>, { limitMs = 3_600_000 } = {}): Promise<T> {
    const endMs = this.#monotonicMs + limitMs;
    let done = false;
    const finish = () => {
      done = true;
    };
    work.then(finish, finish);
    await this.#settled();
    while (!done) {
      if (!this.#fireFirst(endMs)) {
        const next = this.#entries[0];
        const why = next === undefined ? 'no timer is left' : `the next timer is due at ${next.dueMs} ms`;
        throw new Error(`the work is not done after ${this.#monotonicMs} ms: ${why}`);
      }
      await this.#settled();
    }
    return work;
  }

  #fireFirst(endMs: number): boolean {
    const first = this.#entries[0];
    if (first === undefined || first.dueMs > endMs) return false;
    this.#entries.shift();
    this.#monotonicMs = first.dueMs;
    first.action();
    return true;
  }

  /** Where a timer goes that is due then: behind all that are due no later. */
  #placeAfter(dueMs: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle] as Entry).dueMs <= dueMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
