/** The 99th percentile of syncs, and how old figures leave. */
import { VirtualClock } from '@cairn/core/testing';
import { describe, expect, it } from 'vitest';
import { FsyncLatency } from './fsync-latency.ts';

describe('the latency of syncs', () => {
  it('is 0 when there were none', () => {
    expect(new FsyncLatency(new VirtualClock()).p99Ms()).toBe(0);
  });

  it('is the 99th percentile, at most a quarter of a doubling too high', () => {
    const latency = new FsyncLatency(new VirtualClock());
    for (let sync = 0; sync < 990; sync++) latency.record(1);
    for (let sync = 0; sync < 11; sync++) latency.record(500);
    expect(latency.p99Ms()).toBeGreaterThanOrEqual(500);
    expect(latency.p99Ms()).toBeLessThanOrEqual(500 * 2 ** 0.25);
    for (let sync = 0; sync < 200; sync++) latency.record(1);
    expect(latency.p99Ms()).toBeLessThanOrEqual(2 ** 0.25);
  });

  it('takes any duration', () => {
    const latency = new FsyncLatency(new VirtualClock());
    for (const durationMs of [0, 1e-9, 1e9]) latency.record(durationMs);
    expect(latency.p99Ms()).toBeGreaterThan(1000);
  });

  it('forgets what is more than 30 seconds old', async () => {
    const clock = new VirtualClock();
    const latency = new FsyncLatency(clock);
    latency.record(1000);
    await clock.advance(16_000);
    latency.record(1);
    expect(latency.p99Ms()).toBeGreaterThanOrEqual(1000);
    await clock.advance(16_000);
    expect(latency.p99Ms()).toBeLessThan(2);
    await clock.advance(60_000);
    expect(latency.p99Ms()).toBe(0);
  });
});
