/**
 * The leader: everything that exists only while this server holds the lease. It is built from what the store holds, and thrown away
 * whole when the server stops: nothing of it outlives the lease.
 */
import type { Clock, Log, RolePorts, Timers, Worker } from '@cairn/core';
import { type ClusterState, createClusterState } from './cluster/cluster-state.ts';
import { NodeChannels } from './cluster/node-channels.ts';
import { SealOrders } from './cluster/seal-orders.ts';
import type { MetadataServerConfig } from './config.ts';
import { Executor } from './executor.ts';
import { bootstrapCluster } from './operations/bootstrap-cluster.ts';
import { BatchedReader } from './reads/batched-reader.ts';
import type { Lease, MetadataStore } from './store/metadata-store.ts';
import { failureDetector } from './workers/failure-detector.ts';
import { resultSweep } from './workers/result-sweep.ts';
import { sessionExpiry } from './workers/session-expiry.ts';
import { VolumeAllocator } from './workers/volume-allocator.ts';
import { VolumeSealer } from './workers/volume-sealer.ts';

const CLUSTER_ID_BYTES = 16;

export interface LeaderOptions {
  config: MetadataServerConfig;
  timers: Timers;
  ports: RolePorts;
  store: MetadataStore;
  lease: Lease;
  /** Where this server is reached: shown as the leader. */
  address: string;
}

export interface Leader {
  readonly config: MetadataServerConfig;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly log: Log;
  readonly address: string;
  readonly epoch: number;
  readonly clusterId: string;
  readonly store: MetadataStore;
  readonly state: ClusterState;
  readonly executor: Executor;
  readonly reader: BatchedReader;
  readonly orders: SealOrders;
  readonly sealer: VolumeSealer;
  readonly allocator: VolumeAllocator;
  readonly sweep: Worker;
  readonly workers: readonly Worker[];
  /** Stops the workers, closes the channels to the nodes, and answers what was taken. */
  stop(): Promise<void>;
}

export async function startLeading({ config, timers, ports, store, lease, address }: LeaderOptions): Promise<Leader> {
  const { clock, random, transport, log } = ports;
  const { epoch } = lease;
  const state = createClusterState({ clock, timers });
  await state.resident.load(store);
  const executor = new Executor({ store, epoch, resident: state.resident, log });
  const clusterId = await executor.submit(
    bootstrapCluster({
      clusterId: Buffer.from(random.bytes(CLUSTER_ID_BYTES)).toString('hex'),
      nowMs: clock.now(),
    }),
  );
  const channels = new NodeChannels({ transport, clusterSecret: config.clusterSecret, clock, random });
  const orders = new SealOrders(state.volumes);
  const { heartbeatIntervalMs } = timers;
  const shared = { state, executor, channels, epoch, clock, log };
  const sealer = new VolumeSealer({ ...shared, orders, intervalMs: heartbeatIntervalMs });
  const { replicas, writeQuorum, volumeSize: volumeBytes } = config;
  const allocator = new VolumeAllocator({ ...shared, sealer, random, timers, replicas, writeQuorum, volumeBytes });
  const sweep = resultSweep({ results: state.results, sessions: state.sessions, executor, clock });
  const workers = [
    failureDetector({ nodes: state.nodes, clock, timers, log, onChange: () => allocator.worker.wake() }),
    allocator.worker,
    sealer.worker,
    sessionExpiry({ sessions: state.sessions, executor, clock, timers }),
    sweep,
  ];
  for (const worker of workers) worker.start();
  return {
    config,
    timers,
    clock,
    log,
    address,
    epoch,
    clusterId,
    store,
    state,
    executor,
    reader: new BatchedReader(store),
    orders,
    sealer,
    allocator,
    sweep,
    workers,
    async stop() {
      const stopped = Promise.all(workers.map((worker) => worker.stop()));
      // Calls to nodes that do not answer must not hold up the end.
      channels.close();
      await stopped;
      await executor.close();
    },
  };
}
