/** Waits between restarts. */
import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

describe('Backoff', () => {
  it('doubles up to a bound', () => {
    const backoff = new Backoff();
    const waits = Array.from({ length: 10 }, () => backoff.next(1000));
    expect(waits.slice(0, 4)).toEqual([100, 200, 400, 800]);
    expect(waits.at(-1)).toBe(10_000);
  });

  it('starts over after a steady run', () => {
    const backoff = new Backoff();
    for (let n = 0; n < 5; n++) backoff.next(0);
    expect(backoff.next(60_000)).toBe(100);
  });
});
