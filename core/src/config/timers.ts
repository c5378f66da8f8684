/** The timers of CONTRACT.md. A profile names a whole set; each timer may also be set by itself. All in milliseconds. */
import { CairnError } from '../errors.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;

const PRODUCTION = {
  heartbeatIntervalMs: 3 * SECOND,
  suspectAfterMs: 10 * SECOND,
  downAfterMs: 30 * SECOND,
  repairGraceMs: 600 * SECOND,
  sessionTtlMs: 60 * SECOND,
  trashRetentionMs: 24 * HOUR,
  scrubPeriodMs: 30 * 24 * HOUR,
  leaseTtlMs: 10 * SECOND,
  rpcDeadlineMs: 5 * SECOND,
  inventoryPeriodMs: 24 * HOUR,
  quorumExtraWaitMs: 250,
  hedgeAfterMs: 500,
};

export type Timers = Readonly<typeof PRODUCTION>;
export type TimerName = keyof Timers;

const TEST: Timers = {
  heartbeatIntervalMs: 200,
  suspectAfterMs: 1 * SECOND,
  downAfterMs: 3 * SECOND,
  repairGraceMs: 2 * SECOND,
  sessionTtlMs: 8 * SECOND,
  trashRetentionMs: 5 * SECOND,
  scrubPeriodMs: 20 * SECOND,
  leaseTtlMs: 2 * SECOND,
  rpcDeadlineMs: 1 * SECOND,
  inventoryPeriodMs: 10 * SECOND,
  quorumExtraWaitMs: 250,
  hedgeAfterMs: 200,
};

export const TIMER_PROFILES = { production: PRODUCTION as Timers, test: TEST } as const;
export type ProfileName = keyof typeof TIMER_PROFILES;
export const TIMER_NAMES = Object.keys(PRODUCTION) as TimerName[];

/** @throws CONFIG_INVALID when the timers contradict each other. */
export function deriveTimers(profile: ProfileName, overrides: Partial<Record<TimerName, number>> = {}): Timers {
  const timers: Timers = Object.freeze({ ...TIMER_PROFILES[profile], ...overrides });
  const demand = (holds: boolean, claim: string) => {
    if (!holds) throw new CairnError('CONFIG_INVALID', `timers: ${claim}`);
  };
  for (const name of TIMER_NAMES) demand(timers[name] > 0, `${name} must be above 0`);
  demand(
    timers.heartbeatIntervalMs * 2 <= timers.suspectAfterMs,
    'suspectAfterMs must be at least 2 heartbeatIntervalMs',
  );
  demand(timers.suspectAfterMs < timers.downAfterMs, 'downAfterMs must be above suspectAfterMs');
  demand(timers.rpcDeadlineMs < timers.downAfterMs, 'downAfterMs must be above rpcDeadlineMs');
  return timers;
}

/** A node that could not heartbeat for this long refuses writes (CONTRACT.md, stale node). */
export function fenceAfterMs(timers: Timers): number {
  return timers.downAfterMs / 2;
}
