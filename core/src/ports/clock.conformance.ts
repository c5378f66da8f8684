/** The suite that every Clock passes. It never says how long something takes at most. */
import { describe, expect, it } from 'vitest';
import { type Clock, sleep } from './clock.ts';

export interface ClockUnderTest {
  clock: Clock;
  /** Lets at least this much time pass on the clock. */
  pass: (ms: number) => Promise<void>;
}

/** Timers count whole milliseconds, and the monotonic clock does not: a timer may be less than one early. */
const GRAIN_MS = 1;

export function clockConformance(name: string, make: () => ClockUnderTest): void {
  describe(`${name}: clock`, () => {
    it('tells wall-clock time in whole milliseconds since 1970', () => {
      const { clock } = make();
      expect(Number.isInteger(clock.now())).toBe(true);
      expect(clock.now()).toBeGreaterThan(Date.UTC(2020, 0));
    });

    it('goes on in both of its times, and never back in the monotonic one', async () => {
      const { clock, pass } = make();
      const start = { wall: clock.now(), monotonic: clock.monotonic() };
      let last = start.monotonic;
      for (let round = 0; round < 10; round++) {
        await pass(2);
        expect(clock.monotonic()).toBeGreaterThan(last);
        last = clock.monotonic();
      }
      expect(clock.now()).toBeGreaterThan(start.wall);
    });

    it('runs an action once, after its delay and not before', async () => {
      const { clock, pass } = make();
      const start = clock.monotonic();
      const ranAtMs: number[] = [];
      clock.schedule(20, () => ranAtMs.push(clock.monotonic() - start));
      expect(ranAtMs).toEqual([]);
      await pass(60);
      expect(ranAtMs).toHaveLength(1);
      expect(ranAtMs[0]).toBeGreaterThanOrEqual(20 - GRAIN_MS);
    });

    it('runs an action without a delay later as well, never within the call', async () => {
      const { clock, pass } = make();
      let runs = 0;
      for (const delayMs of [0, -5, 0.3]) clock.schedule(delayMs, () => runs++);
      expect(runs).toBe(0);
      await pass(20);
      expect(runs).toBe(3);
    });

    it('runs actions in the order of their times, those of one time as they were scheduled', async () => {
      const { clock, pass } = make();
      const order: string[] = [];
      for (const name of ['a', 'b', 'c']) clock.schedule(40, () => order.push(name));
      clock.schedule(15, () => order.push('early'));
      await pass(100);
      expect(order).toEqual(['early', 'a', 'b', 'c']);
    });

    it('runs what an action schedules', async () => {
      const { clock, pass } = make();
      const order: number[] = [];
      clock.schedule(5, () => {
        order.push(1);
        clock.schedule(5, () => order.push(2));
      });
      await pass(60);
      expect(order).toEqual([1, 2]);
    });

    it('runs no action that was cancelled, and lets a timer be cancelled at any time', async () => {
      const { clock, pass } = make();
      const order: string[] = [];
      const cancelled = clock.schedule(10, () => order.push('cancelled'));
      const other = clock.schedule(10, () => order.push('other'));
      cancelled.cancel();
      cancelled.cancel();
      await pass(40);
      other.cancel();
      expect(order).toEqual(['other']);
    });

    it('waits with background timers as with others', async () => {
      const { clock, pass } = make();
      let runs = 0;
      clock.schedule(5, () => runs++, { background: true });
      await pass(40);
      expect(runs).toBe(1);
    });

    it('waits for delays longer than a 32-bit number of milliseconds', async () => {
      const { clock, pass } = make();
      let runs = 0;
      const timers = [2 ** 31, 2 ** 32 + 1, 2 ** 40].map((delayMs) => clock.schedule(delayMs, () => runs++));
      await pass(20);
      expect(runs).toBe(0);
      for (const timer of timers) timer.cancel();
    });

    it('sleeps', async () => {
      const { clock, pass } = make();
      const start = clock.monotonic();
      const slept = sleep(clock, 20).then(() => clock.monotonic() - start);
      await pass(60);
      expect(await slept).toBeGreaterThanOrEqual(20 - GRAIN_MS);
    });

    it('ends a sleep with the reason of its signal, whether aborted before or during it', async () => {
      const { clock, pass } = make();
      const reason = new Error('enough');
      await expect(sleep(clock, 10, AbortSignal.abort(reason))).rejects.toBe(reason);
      const abort = new AbortController();
      clock.schedule(5, () => abort.abort(reason));
      const outcome = sleep(clock, 1_000_000, abort.signal).catch((error: unknown) => error);
      await pass(40);
      expect(await outcome).toBe(reason);
    });

    it('lets a signal be aborted after the sleep', async () => {
      const { clock, pass } = make();
      const abort = new AbortController();
      const slept = sleep(clock, 1, abort.signal).then(() => 'slept');
      await pass(30);
      abort.abort();
      expect(await slept).toBe('slept');
    });
  });
}
