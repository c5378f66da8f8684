/** Which processes a local cluster has, and each one's configuration. Pure: from flags and what was found on the machine to a plan. */
import { UsageError } from '../exit-code.ts';
import type { KeyPair } from './credentials.ts';
import type { DataFolder } from './data-folder.ts';
import type { RoleName } from './endpoints.ts';
import type { DevOptions } from './flags.ts';
import type { Sizes } from './sizes.ts';

const NODES_DEFAULT = 3;
const WRITE_QUORUM_DEFAULT = 2;
/** Every role listens here; only the S3 address is the user's choice. */
export const LOCAL_HOST = '127.0.0.1';

/**
 * Flags of Node for each role's process. Young objects die in the nursery where it is large enough for a burst of requests. Where chunks
 * pass through, buffers count with the rest of the heap: counted by themselves, as is the default, every 13 MB that come from a socket
 * cost a full collection.
 */
export const NODE_FLAGS: Record<RoleName, readonly string[]> = {
  'metadata-server': ['--max-semi-space-size=16'],
  'storage-node': [
    '--min-semi-space-size=16',
    '--max-semi-space-size=16',
    '--external-memory-accounted-in-global-limit',
  ],
  gateway: ['--max-semi-space-size=16', '--external-memory-accounted-in-global-limit'],
};

export interface ClusterShape {
  nodes: number;
  gateways: number;
  /** Effective ones: never more than there are nodes. */
  replicas: number;
  writeQuorum: number;
  warnings: string[];
}

export interface MachineFacts {
  cores: number;
  /** Storage nodes that have a folder in the data folder already. */
  nodesKept: number;
}

/** @throws UsageError when the flags ask for what would lose sight of data or can never be written. */
export function shapeCluster(options: DevOptions, facts: MachineFacts): ClusterShape {
  const nodes = options.nodes ?? Math.max(NODES_DEFAULT, facts.nodesKept);
  if (nodes < facts.nodesKept) {
    throw new UsageError(
      `--nodes ${nodes}: the data folder holds data of ${facts.nodesKept} storage nodes; write --nodes ${facts.nodesKept} or leave it out`,
    );
  }
  const replicas = Math.min(options.replicas, nodes);
  if (options.writeQuorum !== undefined && options.writeQuorum > nodes) {
    throw new UsageError(
      `--write-quorum ${options.writeQuorum} needs as many nodes; write at least --nodes ${options.writeQuorum}`,
    );
  }
  const writeQuorum = Math.min(options.writeQuorum ?? WRITE_QUORUM_DEFAULT, replicas);
  const warnings: string[] = [];
  if (replicas < options.replicas) {
    warnings.push(
      `${nodes} ${nodes === 1 ? 'node' : 'nodes'} cannot hold ${options.replicas} copies: each chunk is kept ${times(replicas)}`,
    );
  }
  if (replicas === 1) warnings.push('one copy is for development: the loss of its disk loses the data');
  else if (writeQuorum === 1) {
    warnings.push('a write quorum of 1 is for development: an acknowledged write may be on one disk only for a while');
  }
  return {
    nodes,
    gateways: options.gateways ?? Math.max(1, Math.floor(facts.cores / 2)),
    replicas,
    writeQuorum,
    warnings,
  };
}

function times(count: number): string {
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`;
}

export interface RolePlan {
  /** `storage-node-2`: names its folder, pid file, config file and log. */
  name: string;
  role: RoleName;
  nodeFlags: readonly string[];
  config: Record<string, unknown>;
}

export interface RolePortNumbers {
  grpc: number;
  bulk: number;
  admin: number;
}

export function roleNames(shape: ClusterShape): { name: string; role: RoleName }[] {
  const numbered = (role: RoleName, count: number) =>
    Array.from({ length: count }, (_, at) => ({ name: `${role}-${at + 1}`, role }));
  return [
    ...numbered('metadata-server', 1),
    ...numbered('storage-node', shape.nodes),
    ...numbered('gateway', shape.gateways),
  ];
}

export interface PlanInput {
  options: DevOptions;
  shape: ClusterShape;
  sizes: Sizes;
  folder: DataFolder;
  key: KeyPair;
  clusterSecret: string;
  /** `host:port` with the port that was found, never 0. */
  s3: string;
  portsOf: (name: string) => RolePortNumbers;
  socketDirOf: (name: string) => string | undefined;
}

export function planRoles(input: PlanInput): RolePlan[] {
  return roleNames(input.shape).map(({ name, role }) => ({
    name,
    role,
    nodeFlags: NODE_FLAGS[role],
    config: withoutAbsent({ ...CONFIG_OF[role](name, input), ...sharedConfig(name, input) }),
  }));
}

type ConfigMaker = (name: string, input: PlanInput) => Record<string, unknown>;

const sharedConfig: ConfigMaker = (name, { options, clusterSecret, portsOf }) => ({
  clusterSecret,
  profile: options.profile,
  admin: local(portsOf(name).admin),
});

const CONFIG_OF: Record<RoleName, ConfigMaker> = {
  'metadata-server': (name, { options, shape, sizes, folder, key, portsOf, socketDirOf }) => ({
    dataDir: folder.roleDir(name),
    listen: local(portsOf(name).grpc),
    socketDir: socketDirOf(name),
    metadataStore: options.metadataStore,
    replicas: shape.replicas,
    writeQuorum: shape.writeQuorum,
    volumeSize: sizes.volumeBytes,
    chunkSize: sizes.chunkBytes,
    accessKey: key.accessKey,
    secretKey: key.secretKey,
  }),
  'storage-node': (name, { sizes, folder, portsOf, socketDirOf }) => ({
    dataDir: folder.roleDir(name),
    metadata: metadataAddress(portsOf),
    listen: local(portsOf(name).grpc),
    bulkListen: local(portsOf(name).bulk),
    socketDir: socketDirOf(name),
    nodeId: name,
    // Each node of a local cluster is a failure domain of its own.
    host: name,
    capacity: sizes.nodeCapacityBytes,
    volumeSize: sizes.volumeBytes,
  }),
  gateway: (_name, { shape, key, s3, portsOf }) => ({
    s3,
    metadata: metadataAddress(portsOf),
    accessKey: key.accessKey,
    secretKey: key.secretKey,
    reusePort: shape.gateways > 1,
  }),
};

function local(port: number): string {
  return `${LOCAL_HOST}:${port}`;
}

export function metadataAddress(portsOf: (name: string) => RolePortNumbers): string {
  return local(portsOf('metadata-server-1').grpc);
}

function withoutAbsent(config: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}
