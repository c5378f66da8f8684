/** Configuration fields that several roles share, so that the same key means the same everywhere. */
import type { Field } from './schema.ts';
import { hostPort, oneOf } from './schema.ts';
import { type ProfileName, TIMER_NAMES, TIMER_PROFILES, type TimerName } from './timers.ts';

/** Which set of timers a process goes by. */
export const profile: Field<ProfileName> = oneOf(Object.keys(TIMER_PROFILES) as ProfileName[], {
  fallback: () => 'production' as const,
});

/** Single timers in milliseconds, over those of the profile. */
export const timers: Field<Partial<Record<TimerName, number>>> = {
  expects: `an object of timers in milliseconds, of ${TIMER_NAMES.join(', ')}`,
  parse(value) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const fits = Object.entries(value).every(
      ([name, ms]) => TIMER_NAMES.some((known) => known === name) && typeof ms === 'number' && ms > 0,
    );
    return fits ? (value as Partial<Record<TimerName, number>>) : undefined;
  },
  fallback: () => ({}),
};

/** The metadata servers, in any order: the caller finds out who leads. */
export const metadataAddresses: Field<readonly string[]> = {
  expects: 'HOST:PORT of each metadata server, separated by commas',
  parse(value) {
    const one = hostPort();
    const addresses: unknown = typeof value === 'string' ? value.split(',').map((address) => address.trim()) : value;
    if (!Array.isArray(addresses) || addresses.length === 0) return undefined;
    return addresses.every((address) => one.parse(address) !== undefined) ? (addresses as string[]) : undefined;
  },
};
