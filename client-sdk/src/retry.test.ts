import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, TokenBudget } from './retry.ts';

describe('a token budget', () => {
  it('never gives more than its burst, the earned share and what time brings', () => {
    const step = fc.oneof(
      fc.constant('earn' as const),
      fc.constant('spend' as const),
      fc.integer({ min: 0, max: 500 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const budget = new TokenBudget({ share: 0.1, perSecond: 2, burst: 5 });
        let nowMs = 0;
        let earned = 0;
        let spent = 0;
        for (const what of steps) {
          if (what === 'earn') {
            budget.earn();
            earned += 1;
          } else if (what === 'spend') spent += budget.spend(nowMs) ? 1 : 0;
          else nowMs += what;
        }
        expect(spent).toBeLessThanOrEqual(5 + 1 + earned * 0.1 + (nowMs / 1000) * 2);
      }),
    );
  });

  it('is full again after a while', () => {
    const budget = new TokenBudget({ share: 0, perSecond: 1, burst: 2 });
    expect([budget.spend(0), budget.spend(0), budget.spend(0)]).toEqual([true, true, false]);
    expect([budget.spend(60_000), budget.spend(60_000), budget.spend(60_000)]).toEqual([true, true, false]);
  });
});

describe('the pause between tries', () => {
  it('grows, is spread, and has an upper end', () => {
    for (let attempt = 1; attempt < 40; attempt++) {
      const least = backoffMs(attempt, 0);
      const most = backoffMs(attempt, 0.999);
      expect(least).toBeLessThan(most);
      expect(most).toBeLessThanOrEqual(1000);
      expect(backoffMs(attempt + 1, 0)).toBeGreaterThanOrEqual(least);
    }
  });
});
