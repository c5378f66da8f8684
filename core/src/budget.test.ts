/** A byte budget: never more than its total, first come first served, nothing lost when a waiter leaves. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteBudget } from './budget.ts';
import { hasCode } from './errors.ts';
import { InvariantViolation } from './invariant.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Takes, and notes the name when it was granted. */
function taker(budget: ByteBudget) {
  const granted: string[] = [];
  const givers = new Map<string, () => void>();
  const take = (name: string, bytes: number, signal?: AbortSignal) =>
    budget.take(bytes, signal).then((give) => {
      granted.push(name);
      givers.set(name, give);
    });
  return { granted, take, give: (name: string) => givers.get(name)?.() };
}

describe('a byte budget', () => {
  it('grants what is free at once, to the last byte', async () => {
    const budget = new ByteBudget(10);
    const give = await budget.take(10);
    expect(budget.usedBytes).toBe(10);
    give();
    expect(budget.usedBytes).toBe(0);
  });

  it('takes the same bytes back once', async () => {
    const budget = new ByteBudget(10);
    const first = await budget.take(4);
    await budget.take(4);
    first();
    first();
    expect(budget.usedBytes).toBe(4);
  });

  it('lets those wait for whom there is no room, in the order they came', async () => {
    const budget = new ByteBudget(10);
    const { granted, take, give } = taker(budget);
    await take('a', 8);
    const waiting = [take('large', 9), take('small', 1), take('tiny', 0)];
    await settled();
    expect(granted).toEqual(['a']);
    expect(budget.waiting).toBe(3);
    give('a');
    await Promise.all(waiting);
    expect(granted).toEqual(['a', 'large', 'small', 'tiny']);
  });

  it('does not let a small one pass a large one that waits', async () => {
    const budget = new ByteBudget(10);
    const { granted, take, give } = taker(budget);
    await take('a', 5);
    await take('b', 5);
    const large = take('large', 10);
    const small = take('small', 1);
    expect(budget.tryTake(1)).toBeUndefined();
    give('a');
    await settled();
    expect(granted).toEqual(['a', 'b']);
    expect(budget.tryTake(1)).toBeUndefined();
    give('b');
    await large;
    give('large');
    await small;
    expect(granted).toEqual(['a', 'b', 'large', 'small']);
  });

  it('lets the next go on when the first that waits gives up', async () => {
    const budget = new ByteBudget(10);
    const { granted, take } = taker(budget);
    await take('a', 5);
    const abort = new AbortController();
    const large = take('large', 10, abort.signal).catch((error: unknown) => error);
    const small = take('small', 5);
    abort.abort();
    expect(hasCode(await large, 'CANCELLED')).toBe(true);
    await small;
    expect(granted).toEqual(['a', 'small']);
    expect(budget.usedBytes).toBe(10);
  });

  it('does not queue who has given up already, and keeps the grant of who gives up later', async () => {
    const budget = new ByteBudget(10);
    await budget.take(10);
    const late = await budget.take(1, AbortSignal.abort()).catch((error: unknown) => error);
    expect(hasCode(late, 'CANCELLED')).toBe(true);
    expect(budget.waiting).toBe(0);
    const other = new ByteBudget(10);
    const abort = new AbortController();
    const give = await other.take(5, abort.signal);
    abort.abort();
    expect(other.usedBytes).toBe(5);
    give();
    expect(other.usedBytes).toBe(0);
  });

  it('refuses what it could never grant', async () => {
    const failure = await new ByteBudget(10).take(11).catch((error: unknown) => error);
    expect(hasCode(failure, 'MESSAGE_TOO_LARGE')).toBe(true);
    for (const bytes of [-1, Number.NaN]) {
      await expect(new ByteBudget(10).take(bytes)).rejects.toThrow(InvariantViolation);
    }
  });

  it('takes without waiting only what is free', async () => {
    const budget = new ByteBudget(10);
    const give = budget.tryTake(6);
    expect(give).toBeTypeOf('function');
    expect(budget.tryTake(5)).toBeUndefined();
    give?.();
    expect(budget.usedBytes).toBe(0);
  });

  it('never exceeds its total and serves everybody, whatever comes', async () => {
    const step = fc.record({ bytes: fc.nat(10), gives: fc.nat(3), aborts: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const budget = new ByteBudget(10);
        const held: (() => void)[] = [];
        const outcomes: Promise<string>[] = [];
        for (const { bytes, gives, aborts } of steps) {
          const abort = new AbortController();
          const taken = budget.take(bytes, abort.signal).then((give) => {
            held.push(give);
            return 'granted';
          });
          outcomes.push(taken.catch((error: unknown) => (hasCode(error, 'CANCELLED') ? 'gave up' : 'failed')));
          if (aborts) abort.abort();
          await settled();
          for (let at = 0; at < gives; at++) held.shift()?.();
          expect(budget.usedBytes).toBeLessThanOrEqual(10);
        }
        while (budget.usedBytes > 0) {
          await settled();
          for (const give of held.splice(0)) give();
        }
        expect(await Promise.all(outcomes)).not.toContain('failed');
        expect([budget.usedBytes, budget.waiting]).toEqual([0, 0]);
      }),
      { numRuns: 50 },
    );
  });
});
