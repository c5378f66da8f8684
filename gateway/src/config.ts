/** What a gateway can be told. */
import { CairnError, type ConfigOf, deriveTimers, type Field, field, roleField, type Timers } from '@cairn/core';

const DOMAIN = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i;

const domain: Field<string | undefined> = {
  expects: 'a domain such as s3.example.org, below which hosts are buckets',
  parse: (value) => (typeof value === 'string' && DOMAIN.test(value) ? value.toLowerCase() : undefined),
  fallback: () => undefined,
};

export const gatewaySchema = {
  s3: field.hostPort({ fallback: () => '127.0.0.1:9000' }),
  metadata: roleField.metadataAddresses,
  clusterSecret: field.secret(),
  accessKey: field.text('the access key of the root key pair'),
  secretKey: field.secret(),
  region: field.text('a region name such as us-east-1', { fallback: () => 'us-east-1' }),
  domain,
  profile: roleField.profile,
  timers: roleField.timers,
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
