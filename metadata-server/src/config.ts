/** What a metadata server can be told: parsed once, then derived and frozen. */
import { CairnError, type ConfigOf, deriveTimers, field, LIMITS, roleField, type Timers } from '@cairn/core';

const REPLICAS_MAX = 16;

export const metadataServerSchema = {
  dataDir: field.text('the folder that keeps the metadata'),
  listen: field.hostPort({ fallback: () => '127.0.0.1:0' }),
  socketDir: field.optionalText('a folder for Unix sockets'),
  metadataStore: field.text('level:, or memory: for tests', { fallback: () => 'level:' }),
  replicas: field.integer({ min: 1, max: REPLICAS_MAX }, { fallback: () => 3 }),
  writeQuorum: field.integer({ min: 1, max: REPLICAS_MAX }, { fallback: () => 2 }),
  volumeSize: field.size('a size such as 4GiB', { fallback: () => LIMITS.volumeBytesDefault }),
  chunkSize: field.size('a size such as 8MiB', { fallback: () => LIMITS.chunkBytesDefault }),
  clusterSecret: field.secret(),
  accessKey: field.text('the access key of the root key pair'),
  secretKey: field.secret(),
  profile: roleField.profile,
  timers: roleField.timers,
};

export type MetadataServerConfig = ConfigOf<typeof metadataServerSchema>;

/**
 * Checks what one field alone cannot show, and derives the timers.
 * @throws CONFIG_INVALID naming the key.
 */
export function deriveConfig(config: MetadataServerConfig): { config: MetadataServerConfig; timers: Timers } {
  const demand = (holds: boolean, claim: string) => {
    if (!holds) throw new CairnError('CONFIG_INVALID', claim);
  };
  const { writeQuorum, replicas, chunkSize, volumeSize } = config;
  demand(
    writeQuorum <= replicas,
    `writeQuorum: ${writeQuorum} is more than replicas, which is ${replicas}; write 1 to ${replicas}`,
  );
  demand(
    chunkSize >= LIMITS.blockBytes && chunkSize <= LIMITS.chunkBytesMax && chunkSize % LIMITS.blockBytes === 0,
    `chunkSize: ${chunkSize} is not a whole number of 64 KiB blocks up to ${LIMITS.chunkBytesMax}; write for example 8MiB`,
  );
  demand(
    volumeSize >= LIMITS.volumeBytesMin,
    `volumeSize: ${volumeSize} is below ${LIMITS.volumeBytesMin}; write for example 4GiB`,
  );
  return { config, timers: deriveTimers(config.profile, config.timers) };
}
