/** Slow clients are ended, slow storage is not their fault. */
import { VirtualClock } from '@cairn/core/testing';
import { describe, expect, it } from 'vitest';
import { StallWatch } from './stall-watch.ts';

function transfer(waiting: boolean) {
  return {
    waiting,
    movedBytes: 0,
    ended: 0,
    stalled() {
      this.ended += 1;
    },
  };
}

async function trickle(bytesPerSecond: number, waiting: boolean): Promise<number> {
  const clock = new VirtualClock();
  const watch = new StallWatch(clock);
  const slow = transfer(waiting);
  watch.watch(slow);
  for (let second = 0; second < 120; second++) {
    slow.movedBytes += bytesPerSecond;
    await clock.advance(1000);
  }
  return slow.ended;
}

describe('the stall watch', () => {
  it('ends a transfer below 1 KiB/s once', async () => {
    expect(await trickle(1000, true)).toBe(1);
  });

  it('ends a transfer that stands still within 40 s', async () => {
    const clock = new VirtualClock();
    const idle = transfer(true);
    new StallWatch(clock).watch(idle);
    await clock.advance(29_000);
    expect(idle.ended).toBe(0);
    await clock.advance(11_000);
    expect(idle.ended).toBe(1);
  });

  it('leaves a transfer above 1 KiB/s alone', async () => {
    expect(await trickle(1100, true)).toBe(0);
  });

  it('leaves a transfer alone that waits for us', async () => {
    expect(await trickle(0, false)).toBe(0);
  });

  it('keeps no timer when nothing is watched', async () => {
    const clock = new VirtualClock();
    const watch = new StallWatch(clock);
    const unwatch = watch.watch(transfer(true));
    unwatch();
    await clock.advance(60_000);
    const later = transfer(true);
    watch.watch(later);
    await clock.advance(60_000);
    expect(later.ended).toBe(1);
  });
});
