/** The suite that every Random passes: shape and a coarse uniformity, with bounds that chance does not reach in the life of a project. */
import { describe, expect, it } from 'vitest';
import type { Random } from './random.ts';

const DRAWS = 20_000;

export function randomConformance(name: string, make: () => Random): void {
  describe(`${name}: random`, () => {
    it('draws fractions from 0 up to but not 1', () => {
      const random = make();
      const draws = Array.from({ length: DRAWS }, () => random.fraction());
      expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
      expect(new Set(draws).size).toBeGreaterThan(DRAWS - 10);
    });

    it('draws fractions evenly', () => {
      const random = make();
      const buckets = new Array<number>(10).fill(0);
      for (let draw = 0; draw < DRAWS; draw++) {
        const at = Math.floor(random.fraction() * 10);
        buckets[at] = (buckets[at] as number) + 1;
      }
      // The standard deviation of a bucket is 42.
      for (const count of buckets) expect(Math.abs(count - DRAWS / 10)).toBeLessThan(420);
    });

    it('makes as many bytes as asked', () => {
      const random = make();
      for (const count of [0, 1, 7, 8, 32, 1000]) expect(random.bytes(count)).toHaveLength(count);
    });

    it('makes bytes in which every bit is set as often as not', () => {
      const bytes = make().bytes(DRAWS);
      for (let bit = 0; bit < 8; bit++) {
        const set = bytes.filter((byte) => byte & (1 << bit)).length;
        // The standard deviation is 71.
        expect(Math.abs(set - DRAWS / 2)).toBeLessThan(710);
      }
    });

    it('does not repeat bytes', () => {
      const random = make();
      const nonces = Array.from({ length: 1000 }, () => Buffer.from(random.bytes(8)).toString('hex'));
      expect(new Set(nonces).size).toBe(1000);
    });
  });
}
