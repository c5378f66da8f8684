/**
 * How long syncs took over the last 15 to 30 seconds: two histograms of exponential buckets that take turns, so that recording costs
 * an increment and old figures leave by themselves.
 */
import type { Clock } from '@cairn/core';

const TURN_MS = 15_000;
/** Four buckets for each doubling, from 1/16 ms on. */
const FIRST_MS = 1 / 16;
const PER_DOUBLING = 4;
const BUCKETS = 80;

export class FsyncLatency {
  readonly #clock: Clock;
  #current = new Uint32Array(BUCKETS);
  #before = new Uint32Array(BUCKETS);
  #turnEndsMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#turnEndsMs = clock.monotonic() + TURN_MS;
  }

  record(durationMs: number): void {
    this.#takeTurns();
    const bucket = Math.ceil(Math.log2(Math.max(durationMs, FIRST_MS) / FIRST_MS) * PER_DOUBLING);
    const place = Math.min(bucket, BUCKETS - 1);
    this.#current[place] = (this.#current[place] as number) + 1;
  }

  /** The upper end of the bucket that holds the 99th percentile; 0 when there were no syncs. */
  p99Ms(): number {
    this.#takeTurns();
    const counts = this.#current.map((count, place) => count + (this.#before[place] as number));
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (total === 0) return 0;
    let above = Math.floor(total / 100);
    for (let place = BUCKETS - 1; place >= 0; place--) {
      above -= counts[place] as number;
      if (above < 0) return FIRST_MS * 2 ** (place / PER_DOUBLING);
    }
    return 0;
  }

  #takeTurns(): void {
    const nowMs = this.#clock.monotonic();
    if (nowMs < this.#turnEndsMs) return;
    const missedOne = nowMs >= this.#turnEndsMs + TURN_MS;
    this.#before = missedOne ? new Uint32Array(BUCKETS) : this.#current;
    this.#current = new Uint32Array(BUCKETS);
    this.#turnEndsMs = nowMs + TURN_MS;
  }
}
