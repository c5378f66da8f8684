/**
 * Time during which this process ran. A leader that was stopped for a minute and goes on (SIGSTOP, a swapped or migrated machine) has
 * heard nothing for a minute, and would take every node for down and every session for expired before it reads the first of the
 * messages that wait for it. So a gap between two readings counts for no more than a step; workers read it often.
 */
import type { Clock } from '@cairn/core';

export class AwakeClock {
  readonly #clock: Clock;
  readonly #stepMaxMs: number;
  #readAt: number;
  #ms = 0;

  /** @param stepMaxMs Longer than the longest time between two readings of a process that runs. */
  constructor(clock: Clock, stepMaxMs: number) {
    this.#clock = clock;
    this.#stepMaxMs = stepMaxMs;
    this.#readAt = clock.monotonic();
  }

  /** Milliseconds since it was made; only grows. */
  get ms(): number {
    const now = this.#clock.monotonic();
    this.#ms += Math.min(now - this.#readAt, this.#stepMaxMs);
    this.#readAt = now;
    return this.#ms;
  }
}
