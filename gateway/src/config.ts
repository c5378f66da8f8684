/** What a gateway can be told. */
import {
  CairnError,
  type ConfigOf,
  deriveTimers,
  type Field,
  field,
  type ProfileName,
  TIMER_NAMES,
  TIMER_PROFILES,
  type TimerName,
  type Timers,
} from '@cairn/core';

const ADDRESS = field.hostPort();
const DOMAIN = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i;

const addresses: Field<readonly string[]> = {
  expects: 'HOST:PORT of each metadata server, separated by commas',
  parse(value) {
    const words = typeof value === 'string' ? value.split(',').map((word) => word.trim()) : [];
    return words.length > 0 && words.every((word) => ADDRESS.parse(word) !== undefined) ? words : undefined;
  },
};

const domain: Field<string | undefined> = {
  expects: 'a domain such as s3.example.org, below which hosts are buckets',
  parse: (value) => (typeof value === 'string' && DOMAIN.test(value) ? value.toLowerCase() : undefined),
  fallback: () => undefined,
};

const timerOverrides: Field<Partial<Record<TimerName, number>>> = {
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

export const gatewaySchema = {
  s3: field.hostPort({ fallback: () => '127.0.0.1:9000' }),
  metadata: addresses,
  clusterSecret: field.secret(),
  accessKey: field.text('the access key of the root key pair'),
  secretKey: field.secret(),
  region: field.text('a region name such as us-east-1', { fallback: () => 'us-east-1' }),
  domain,
  profile: field.oneOf(Object.keys(TIMER_PROFILES) as ProfileName[], { fallback: () => 'production' as const }),
  timers: timerOverrides,
  /** Several gateway processes share the port; the kernel spreads connections over them. */
  reusePort: field.flag({ fallback: () => false }),
};

export type GatewayConfig = ConfigOf<typeof gatewaySchema>;

/** @throws CONFIG_INVALID naming the key. */
export function deriveGatewayTimers(config: GatewayConfig): Timers {
  if (!/^[a-z0-9-]+$/.test(config.region)) {
    throw new CairnError(
      'CONFIG_INVALID',
      'region: write lower-case letters, digits and hyphens, for example us-east-1',
    );
  }
  return deriveTimers(config.profile, config.timers);
}
