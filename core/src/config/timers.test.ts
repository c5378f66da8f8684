/** Timers: profiles that hold together, and overrides that must. */
import { describe, expect, it } from 'vitest';
import { CairnError } from '../errors.ts';
import { deriveTimers, fenceAfterMs, TIMER_NAMES, TIMER_PROFILES, type TimerName } from './timers.ts';

function refusal(overrides: Partial<Record<TimerName, number>>): string {
  try {
    deriveTimers('production', overrides);
    return 'accepted';
  } catch (error) {
    return error instanceof CairnError && error.code === 'CONFIG_INVALID' ? error.message : String(error);
  }
}

describe('timers', () => {
  it.each(['production', 'test'] as const)('of the profile %s are complete and agree', (profile) => {
    const timers = deriveTimers(profile);
    expect(timers).toEqual(TIMER_PROFILES[profile]);
    expect(Object.keys(timers).sort()).toEqual([...TIMER_NAMES].sort());
    expect(Object.isFrozen(timers)).toBe(true);
  });

  it('can be set one by one', () => {
    expect(deriveTimers('test', { scrubPeriodMs: 7 })).toEqual({ ...TIMER_PROFILES.test, scrubPeriodMs: 7 });
  });

  it.each(TIMER_NAMES)('refuse a %s that is not above 0', (name) => {
    for (const value of [0, -1, Number.NaN]) expect(refusal({ [name]: value })).toContain(name);
  });

  it('refuse what contradicts itself, naming the timer', () => {
    expect(refusal({ heartbeatIntervalMs: 5001 })).toContain('suspectAfterMs must be at least');
    expect(refusal({ downAfterMs: 10_000 })).toContain('downAfterMs must be above suspectAfterMs');
    expect(refusal({ rpcDeadlineMs: 30_000 })).toContain('downAfterMs must be above rpcDeadlineMs');
    expect(refusal({ heartbeatIntervalMs: 5000 })).toBe('accepted');
  });

  it('fence a node before the leader calls it down, and after it has missed a heartbeat', () => {
    for (const timers of Object.values(TIMER_PROFILES)) {
      expect(fenceAfterMs(timers)).toBeLessThan(timers.downAfterMs);
      expect(fenceAfterMs(timers)).toBeGreaterThan(timers.heartbeatIntervalMs);
    }
  });
});
