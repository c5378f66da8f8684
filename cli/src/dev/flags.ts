/** The flags of `cairn dev`, parsed and checked against each other. Pure: what depends on the machine is derived in `plan.ts`. */
import {
  CairnError,
  type Field,
  field,
  hasCode,
  LIMITS,
  type ProfileName,
  parseConfig,
  TIMER_PROFILES,
} from '@cairn/core';
import { UsageError } from '../exit-code.ts';

export const DATA_DIR_DEFAULT = './cairn-data';
const NODES_MAX = 64;
const GATEWAYS_MAX = 64;

function optional<T>(inner: Field<T>): Field<T | undefined> {
  return { ...inner, fallback: () => undefined };
}

const profiles = Object.keys(TIMER_PROFILES) as ProfileName[];

/** Keys are the flags themselves, so that a refusal names what was typed. */
const SCHEMA = {
  '--data': field.text('a folder', { fallback: () => DATA_DIR_DEFAULT }),
  '--nodes': optional(field.integer({ min: 1, max: NODES_MAX })),
  '--gateways': optional(field.integer({ min: 1, max: GATEWAYS_MAX })),
  '--metadata-servers': field.integer({ min: 1, max: 16 }, { fallback: () => 1 }),
  '--metadata-store': field.text('level:', { fallback: () => 'level:' }),
  '--s3': field.hostPort({ fallback: () => '127.0.0.1:9000' }),
  '--replicas': field.integer({ min: 1, max: 16 }, { fallback: () => 3 }),
  '--write-quorum': optional(field.integer({ min: 1, max: 16 })),
  '--volume-size': optional(field.size('a size such as 4GiB')),
  '--node-capacity': optional(field.size('a size such as 500GiB')),
  '--profile': field.oneOf(profiles, { fallback: () => 'production' }),
  '--restart': field.flag({ fallback: () => true }),
  '--verbose': field.flag({ fallback: () => false }),
};

export interface DevOptions {
  dataDir: string;
  /** undefined: as many as the data folder holds already, at least 3. */
  nodes: number | undefined;
  gateways: number | undefined;
  metadataStore: string;
  s3: string;
  replicas: number;
  /** undefined: 2, or fewer where there are fewer nodes. */
  writeQuorum: number | undefined;
  volumeBytes: number | undefined;
  nodeCapacityBytes: number | undefined;
  profile: ProfileName;
  restart: boolean;
  verbose: boolean;
}

/**
 * @param typed Options as commander hands them over: camelCase names, text values.
 * @throws UsageError naming the flag and what to write.
 */
export function parseDevFlags(typed: Record<string, unknown>): DevOptions {
  const config = parseOrRefuse(Object.fromEntries(Object.entries(typed).map(([name, value]) => [flagOf(name), value])));
  const options: DevOptions = {
    dataDir: config['--data'],
    nodes: config['--nodes'],
    gateways: config['--gateways'],
    metadataStore: config['--metadata-store'],
    s3: config['--s3'],
    replicas: config['--replicas'],
    writeQuorum: config['--write-quorum'],
    volumeBytes: config['--volume-size'],
    nodeCapacityBytes: config['--node-capacity'],
    profile: config['--profile'],
    restart: config['--restart'],
    verbose: config['--verbose'],
  };
  refuseContradictions(options, config['--metadata-servers']);
  return options;
}

function parseOrRefuse(flags: Record<string, unknown>) {
  try {
    return parseConfig(SCHEMA, flags);
  } catch (error) {
    if (hasCode(error, 'CONFIG_INVALID')) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function refuseContradictions(options: DevOptions, metadataServers: number): void {
  if (options.metadataStore !== 'level:') {
    throw new UsageError(
      `--metadata-store ${JSON.stringify(options.metadataStore)}: this release has the embedded store only; write level:`,
    );
  }
  if (metadataServers > 1) {
    throw new UsageError('--metadata-servers: more than 1 needs a shared metadata store; write 1 with level:');
  }
  if (options.writeQuorum !== undefined && options.writeQuorum > options.replicas) {
    throw new UsageError(
      `--write-quorum ${options.writeQuorum} is more than --replicas ${options.replicas}; write at most ${options.replicas}`,
    );
  }
  if (options.writeQuorum !== undefined && options.nodes !== undefined && options.writeQuorum > options.nodes) {
    throw new UsageError(
      `--write-quorum ${options.writeQuorum} needs as many nodes, and --nodes is ${options.nodes}; write at most ${options.nodes}`,
    );
  }
  if (options.volumeBytes !== undefined && options.volumeBytes < LIMITS.volumeBytesMin) {
    throw new UsageError('--volume-size: write at least 1MiB');
  }
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Splits `host:port`; the host comes without the brackets of IPv6. */
export function splitHostPort(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(':');
  if (at < 0) throw new CairnError('CONFIG_INVALID', `${JSON.stringify(address)} is not HOST:PORT`);
  return { host: address.slice(0, at).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(at + 1)) };
}

export function joinHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
