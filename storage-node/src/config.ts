/** What a storage node can be told. Parsed once, then derived and frozen. */
import {
  CairnError,
  type ConfigOf,
  deriveTimers,
  type Field,
  field,
  LIMITS,
  type NodeId,
  parseNodeId,
  roleField,
  type Timers,
} from '@cairn/core';

const address = field.hostPort();

/** `host:port,host:port`, or a JSON array of them. */
/** `none` for no bulk lane, which is '' from here on. */
const bulkAddress: Field<string> = {
  expects: `${address.expects}, or none`,
  parse: (value) => (value === 'none' ? '' : address.parse(value)),
  fallback: () => '127.0.0.1:0',
};

const optionalNodeId: Field<NodeId | undefined> = {
  expects: 'a name of 1 to 64 of a-z, 0-9 and -',
  parse: (value) => (typeof value === 'string' ? parseNodeId(value) : undefined),
  fallback: () => undefined,
};

const optionalSize: Field<number | undefined> = {
  expects: 'a size such as 500GiB',
  parse: field.size('').parse,
  fallback: () => undefined,
};

export const storageNodeSchema = {
  dataDir: field.text('the folder that keeps the chunks'),
  metadata: roleField.metadataAddresses,
  listen: field.hostPort({ fallback: () => '127.0.0.1:0' }),
  bulkListen: bulkAddress,
  socketDir: field.optionalText('a folder for Unix sockets'),
  /** Used at the first start; from then on the data folder knows it. */
  nodeId: optionalNodeId,
  zone: field.text('the name of the zone', { fallback: () => 'default' }),
  rack: field.text('the name of the rack', { fallback: () => 'default' }),
  host: field.optionalText('the name of the host; the node id when left out'),
  capacity: optionalSize,
  volumeSize: field.size('a size such as 4GiB', { fallback: () => LIMITS.volumeBytesDefault }),
  clusterSecret: field.secret(),
  profile: roleField.profile,
  timers: roleField.timers,
};

export type StorageNodeConfig = ConfigOf<typeof storageNodeSchema>;

/**
 * Checks what one field alone cannot show, and derives the timers.
 * @throws CONFIG_INVALID naming the key.
 */
export function deriveConfig(config: StorageNodeConfig): { timers: Timers } {
  if (config.volumeSize < LIMITS.volumeBytesMin) {
    throw new CairnError('CONFIG_INVALID', `volumeSize: below ${LIMITS.volumeBytesMin} bytes; write for example 4GiB`);
  }
  return { timers: deriveTimers(config.profile, config.timers) };
}
