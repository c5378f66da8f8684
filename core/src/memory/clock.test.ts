/** The virtual clock passes the suite of clocks, and time on it is what a test says. */
import { describe, expect, it } from 'vitest';
import { clockConformance } from '../ports/clock.conformance.ts';
import { sleep } from '../ports/clock.ts';
import { VirtualClock } from './clock.ts';

clockConformance('the virtual', () => {
  const clock = new VirtualClock();
  return { clock, pass: (ms) => clock.advance(ms) };
});

describe('the virtual clock', () => {
  it('stands still by itself', async () => {
    const clock = new VirtualClock({ startMs: 1000 });
    let ran = false;
    clock.schedule(0, () => {
      ran = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([ran, clock.now(), clock.monotonic()]).toEqual([false, 1000, 0]);
    await clock.advance(0);
    expect(ran).toBe(true);
  });

  it('shows each action the very time it is due', async () => {
    const clock = new VirtualClock({ startMs: 1000 });
    const seen: number[] = [];
    for (const delayMs of [30, 10.5, 20]) clock.schedule(delayMs, () => seen.push(clock.monotonic()));
    await clock.advance(25);
    expect(seen).toEqual([10.5, 20]);
    expect(clock.now()).toBe(1025);
    expect(clock.pendingTimers).toBe(1);
  });

  it('lets promises come to rest between two timers', async () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    clock.schedule(10, async () => {
      for (let hop = 0; hop < 100; hop++) await undefined;
      order.push(`first at ${clock.monotonic()}`);
    });
    clock.schedule(10, () => order.push('second'));
    await clock.advance(10);
    expect(order).toEqual(['first at 10', 'second']);
  });

  it('runs work to its end and not further', async () => {
    const clock = new VirtualClock();
    clock.schedule(100, () => undefined);
    const work = async () => {
      await sleep(clock, 30);
      await sleep(clock, 40);
      return 'done';
    };
    expect(await clock.run(work())).toBe('done');
    expect(clock.monotonic()).toBe(70);
    await expect(clock.run(Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });

  it('says so when work waits for nothing, or for too long', async () => {
    const clock = new VirtualClock();
    await expect(clock.run(new Promise(() => undefined))).rejects.toThrow('no timer is left');
    await expect(clock.run(sleep(clock, 500), { limitMs: 100 })).rejects.toThrow('the next timer is due at 500 ms');
  });

  it('moves the wall clock without the timers', async () => {
    const clock = new VirtualClock({ startMs: 1000 });
    let ran = false;
    clock.schedule(50, () => {
      ran = true;
    });
    clock.jump(-300_000);
    await clock.advance(49);
    expect([ran, clock.now()]).toEqual([false, 1049 - 300_000]);
    await clock.advance(1);
    expect(ran).toBe(true);
  });

  it('gives processes wall clocks of their own over the same time', async () => {
    const clock = new VirtualClock({ startMs: 1000 });
    const ahead = clock.skewed(300_000);
    const slept = sleep(ahead, 20);
    await clock.run(slept);
    expect([clock.now(), ahead.now(), ahead.monotonic()]).toEqual([1020, 301_020, 20]);
  });
});
