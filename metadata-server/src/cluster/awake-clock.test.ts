import { VirtualClock } from '@cairn/core/testing';
import { describe, expect, it } from 'vitest';
import { AwakeClock } from './awake-clock.ts';

describe('AwakeClock', () => {
  it('counts time that passes in steps, and a pause as one step', async () => {
    const clock = new VirtualClock();
    const awake = new AwakeClock(clock, 100);
    for (let step = 0; step < 10; step++) {
      await clock.advance(50);
      expect(awake.ms).toBe((step + 1) * 50);
    }
    await clock.advance(60_000);
    expect(awake.ms).toBe(600);
    expect(awake.ms).toBe(600);
  });
});
