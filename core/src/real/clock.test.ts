/** The machine's clock and chance pass the suites of their ports. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { clockConformance } from '../ports/clock.conformance.ts';
import { randomConformance } from '../ports/random.conformance.ts';
import { realClock } from './clock.ts';
import { realRandom } from './random.ts';

clockConformance('the real', () => ({
  clock: realClock,
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}));
randomConformance('the real', () => realRandom);

describe('the real clock', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('runs an action after more days than one timer of the machine can wait', () => {
    vi.useFakeTimers();
    const monthMs = 30 * 24 * 3600 * 1000;
    let runs = 0;
    realClock.schedule(monthMs, () => runs++);
    const cancelled = realClock.schedule(monthMs, () => runs++);
    vi.advanceTimersByTime(monthMs - 1);
    expect(runs).toBe(0);
    cancelled.cancel();
    vi.advanceTimersByTime(1);
    expect(runs).toBe(1);
  });
});
