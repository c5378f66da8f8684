/**
 * One timer for the deadlines of many calls. Nearly all calls end long before their deadline, so nothing is scheduled for each: the timer
 * stands at the earliest deadline it was told of, and when it fires everything that is due expires at once.
 */
import { realClock, type Timer } from '@cairn/core';

const RESOLUTION_MS = 5;

export class Deadlines {
  readonly #expire: (now: number) => number;
  #timer: Timer | undefined;
  #firesAt = Number.POSITIVE_INFINITY;

  /** @param expire Expires what is due; returns the earliest deadline of what is left, or Infinity. */
  constructor(expire: (now: number) => number) {
    this.#expire = expire;
  }

  /** Makes sure that `expire` runs soon after this monotonic time. */
  watch(deadlineAt: number, now: number): void {
    if (deadlineAt >= this.#firesAt) return;
    this.#timer?.cancel();
    this.#firesAt = deadlineAt;
    this.#timer = realClock.schedule(Math.max(deadlineAt - now, RESOLUTION_MS), () => this.#fire(), {
      background: true,
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#firesAt = Number.POSITIVE_INFINITY;
  }

  #fire(): void {
    this.stop();
    const now = realClock.monotonic();
    this.watch(this.#expire(now), now);
  }
}
