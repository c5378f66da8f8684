/** Puts a storage node together, in the order of what stands on what: lock and index, identity, volumes, listener, membership. */
import {
  authenticator,
  ByteBudget,
  CairnError,
  clusterAuthorization,
  type Endpoint,
  LIMITS,
  type Listener,
  type NodeOrder,
  type RolePorts,
  type RunningRole,
  type Timers,
} from '@cairn/core';
import { deriveConfig, type StorageNodeConfig } from './config.ts';
import { FsyncLatency } from './fsync-latency.ts';
import type { ChunkIndex, OpenIndex } from './index/chunk-index.ts';
import { IndexWriter } from './index/index-writer.ts';
import { openLevelIndex } from './index/level-index.ts';
import { Identity } from './membership/identity.ts';
import { LeaderChannel } from './membership/leader-channel.ts';
import { Membership } from './membership/membership.ts';
import { ReportLedger } from './membership/report-ledger.ts';
import { nodeMetrics } from './metrics.ts';
import { storageNodeHandlers } from './service/handlers.ts';
import { HeadCache } from './service/head-cache.ts';
import { MemoryGate } from './service/memory-gate.ts';
import type { NodeParts } from './service/node-parts.ts';
import { Traffic } from './service/traffic.ts';
import { Space } from './space.ts';
import { Volumes } from './volume/volumes.ts';

export interface StorageNodePorts extends RolePorts {
  /** LevelDB needs a real folder: with an in-memory disk goes an in-memory index. */
  openIndex?: OpenIndex;
}

export type RunningStorageNode = RunningRole & { readonly endpoint: Endpoint };

const CLOSE_GRACE_MS = 5000;

/** Resolves when the node listens; `notReady` says when it has registered. @throws DATA_DIR_LOCKED, DATA_DIR_MISMATCH. */
export async function startStorageNode(
  config: StorageNodeConfig,
  ports: StorageNodePorts,
): Promise<RunningStorageNode> {
  const { timers } = deriveConfig(config);
  const failure = Promise.withResolvers<Error>();
  const { disk, log } = ports;
  await disk.makeDirectory(config.dataDir);
  const openIndex = ports.openIndex ?? openLevelIndex;
  const index = await openIndex({ folder: `${config.dataDir}/index`, log, onDamage: failure.resolve });
  try {
    return await startOn(index, { config, ports, timers, fail: failure.resolve, failed: failure.promise });
  } catch (thrown) {
    await index.close();
    throw thrown;
  }
}

interface Start {
  config: StorageNodeConfig;
  ports: StorageNodePorts;
  timers: Timers;
  fail: (reason: CairnError) => void;
  failed: Promise<Error>;
}

async function startOn(index: ChunkIndex, start: Start): Promise<RunningStorageNode> {
  const { config, ports, timers } = start;
  const latency = new FsyncLatency(ports.clock);
  // Handlers ask for the node's standing before there is a listener to register with.
  let membership: Membership | undefined;
  const fencedBecause = () => (membership === undefined ? 'starting' : membership.refusal());
  const onFailure = () => membership?.wake();
  const parts = await openParts(index, { start, latency, fencedBecause, onFailure });
  const listener = await ports.transport.listen({
    address: config.listen,
    bulkAddress: config.bulkListen === '' ? undefined : config.bulkListen,
    socketDir: config.socketDir,
    services: { StorageNode: storageNodeHandlers(parts) },
    authenticate: authenticator({ clock: ports.clock, clusterSecret: config.clusterSecret }),
  });
  const leader = new LeaderChannel({
    transport: ports.transport,
    addresses: config.metadata,
    authorization: () => clusterAuthorization(config.clusterSecret, ports),
  });
  membership = createMembership(parts, { start, listener, leader, latency });
  membership.start();
  const { nodeId } = parts.identity;
  ports.log.info(
    { nodeId, address: listener.endpoint.grpc, volumes: parts.volumes.count, timers },
    'storage node listens',
  );
  const stop = async () => {
    await membership.stop();
    leader.close();
    await listener.close(CLOSE_GRACE_MS);
    await parts.volumes.close();
    await parts.writer.close();
    await index.close();
  };
  let stopped: Promise<void> | undefined;
  return {
    address: listener.endpoint.grpc,
    endpoint: listener.endpoint,
    notReady: () => fencedBecause() ?? parts.writer.failure?.message,
    metrics: () => nodeMetrics(parts, latency),
    failed: start.failed,
    close() {
      stopped ??= stop();
      return stopped;
    },
  };
}

interface PartsOptions {
  start: Start;
  latency: FsyncLatency;
  fencedBecause: () => string | undefined;
  onFailure: () => void;
}

async function openParts(index: ChunkIndex, options: PartsOptions): Promise<NodeParts> {
  const { start, latency, fencedBecause, onFailure } = options;
  const { config, ports, timers } = start;
  const { clock, disk, log, random } = ports;
  const { dataDir, volumeSize, capacity } = config;
  const folder = `${dataDir}/volumes`;
  const identityPath = `${dataDir}/identity.json`;
  if (!(await disk.exists(identityPath)) && (await disk.list(folder)).length > 0) {
    throw new CairnError('DATA_DIR_MISMATCH', `${identityPath} is missing, but there are volumes: put it back`);
  }
  const identity = await Identity.load({ disk, path: identityPath, random, nodeId: config.nodeId });
  const traffic = new Traffic();
  const writer = new IndexWriter({ index, clock, log });
  const onSync = (durationMs: number, records: number) => {
    latency.record(durationMs);
    traffic.syncs += 1;
    traffic.syncedRecords += records;
  };
  const hooks = { onSync, onFailure };
  const volumes = await Volumes.open({ folder, disk, clock, log, index, writer, volumeBytes: volumeSize, ...hooks });
  const space = new Space({ disk, folder, capacityBytes: capacity, usedBytes: () => volumes.usedBytes });
  await space.refresh();
  const budget = new ByteBudget(LIMITS.nodeInflightBytes);
  const memory = new MemoryGate({ budget, clock, waitMaxMs: timers.rpcDeadlineMs });
  return { identity, volumes, space, writer, memory, heads: new HeadCache(), traffic, log, fencedBecause };
}

interface MembershipParts {
  start: Start;
  listener: Listener;
  leader: LeaderChannel;
  latency: FsyncLatency;
}

function createMembership(parts: NodeParts, { start, listener, leader, latency }: MembershipParts): Membership {
  const { config, ports, timers } = start;
  const { identity, volumes, space, writer } = parts;
  const ledger = new ReportLedger();
  return new Membership({
    clock: ports.clock,
    random: ports.random,
    log: ports.log,
    timers,
    identity,
    leader,
    endpoint: listener.endpoint,
    domain: { zone: config.zone, rack: config.rack, host: config.host ?? identity.nodeId },
    async vitals() {
      await space.refresh();
      const { capacityBytes, usedBytes } = space;
      const readOnly = space.nearlyFull || writer.failure !== undefined;
      return { capacityBytes, usedBytes, readOnly, fsyncP99Ms: latency.p99Ms() };
    },
    inventory: (which) => ledger.inventory(which, volumes.all()),
    carryOut: ({ volumeId, generation }: NodeOrder) => volumes.get(volumeId).seal(generation),
    onEnd: start.fail,
  });
}
