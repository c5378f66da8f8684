/** The seeded generator passes the suite, is the one it claims to be, and replays. */
import { describe, expect, it } from 'vitest';
import { randomConformance } from '../ports/random.conformance.ts';
import { SeededRandom } from './random.ts';

randomConformance('the seeded', () => new SeededRandom(42));

describe('the seeded random', () => {
  it('is xoshiro128**', () => {
    // What the reference program (version 1.1) prints from this state.
    const random = SeededRandom.fromState([1, 2, 3, 4]);
    const words = Array.from({ length: 6 }, () => random.word());
    expect(words).toEqual([11_520, 0, 5_927_040, 70_819_200, 2_031_721_883, 1_637_235_492]);
  });

  it('replays from its seed, and differs from those beside it', () => {
    const bytes = (seed: number | string) => Buffer.from(new SeededRandom(seed).bytes(16)).toString('hex');
    expect(bytes(1)).toBe(bytes(1));
    expect(new Set([bytes(0), bytes(1), bytes(2), bytes(-1), bytes(2 ** 40), bytes('text')]).size).toBe(6);
  });

  it('gives each part a sequence that does not depend on what others draw', () => {
    const first = new SeededRandom(1);
    const second = new SeededRandom(1);
    second.bytes(100);
    expect(second.fork('disk').bytes(8)).toEqual(first.fork('disk').bytes(8));
    expect(first.fork('network').bytes(8)).not.toEqual(first.fork('disk').bytes(8));
  });

  it('draws whole numbers below a bound, all of them', () => {
    const random = new SeededRandom(1);
    const draws = new Set(Array.from({ length: 500 }, () => random.below(7)));
    expect([...draws].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});
