/**
 * The volume allocator keeps enough volumes open for writing: it seals those that can no longer be written to safely and makes new
 * ones (cluster/allocation-plan.ts decides). Making one is: reserve an id durably, have the chosen nodes make their replicas, then
 * commit the volume's row with those that answered. A crash in between leaves empty replicas of a volume that never was.
 */
import {
  CairnError,
  type Clock,
  LIMITS,
  type Log,
  type NodeId,
  type Random,
  sleep,
  type Timers,
  type VolumeId,
  type VolumeReport,
  Worker,
} from '@cairn/core';
import { type AllocationPlan, type PlannedVolume, planAllocation } from '../cluster/allocation-plan.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import type { NodeChannels } from '../cluster/node-channels.ts';
import type { ClusterNode } from '../cluster/node-table.ts';
import { distinctHosts, type PlacementCandidate } from '../cluster/placement.ts';
import { openVolume } from '../cluster/replica-standing.ts';
import type { Executor } from '../executor.ts';
import { createVolume, FIRST_GENERATION } from '../operations/create-volume.ts';
import { reserveVolumes } from '../operations/reserve-volumes.ts';
import type { VolumeSealer } from './volume-sealer.ts';

/** A pass plans again while its plans still find something to do. */
const ROUNDS_MAX = 8;
/** After a leader starts, and after a node came, it waits this long for more of them before it makes do with fewer than R. */
const SETTLE_AFTER_START_MS = 5000;
const SETTLE_AFTER_REGISTRATION_MS = 1500;
/** Once a quorum of replicas is made, how long the others are waited for. */
const STRAGGLER_WAIT_MS = 1000;
/**
 * The pause after the second failure in a row to make a volume, doubled with each further one. A failed try leaves empty replicas on the
 * nodes that did make theirs, and writers that wait for a volume ask for a pass many times a second.
 */
const FAILURE_PAUSE_MS = 250;
const FAILURE_PAUSE_MAX_MS = 15_000;

export interface VolumeAllocatorOptions {
  state: Pick<ClusterState, 'nodes' | 'volumes'>;
  sealer: VolumeSealer;
  executor: Executor;
  channels: NodeChannels;
  epoch: number;
  clock: Clock;
  random: Random;
  timers: Timers;
  replicas: number;
  writeQuorum: number;
  volumeBytes: number;
  log: Log;
}

export class VolumeAllocator {
  readonly worker: Worker;
  readonly #options: VolumeAllocatorOptions;
  #running: Promise<number> | undefined;
  #failuresInARow = 0;
  #createsAgainAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: VolumeAllocatorOptions) {
    this.#options = options;
    const { clock, timers, log } = options;
    this.worker = new Worker({
      name: 'volume allocator',
      clock,
      intervalMs: timers.heartbeatIntervalMs,
      pass: () => this.run(),
      onError: (error) => log.warn({ error }, 'volumes could not be allocated'),
    });
  }

  /** One pass; when one is under way already, that one. @returns How many volumes it sealed or made. */
  run(): Promise<number> {
    this.#running ??= this.#pass().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Whether nodes may still be on their way. */
  get nodesExpected(): boolean {
    const { nodes } = this.#options.state;
    const { heartbeatIntervalMs } = this.#options.timers;
    const starting = nodes.leadsForMs < Math.max(SETTLE_AFTER_START_MS, 2 * heartbeatIntervalMs);
    return starting || nodes.sinceLastRegistrationMs < SETTLE_AFTER_REGISTRATION_MS;
  }

  /** The size at which a volume is full: no more than its share of the smallest node. */
  get volumeBytes(): number {
    let bytes = this.#options.volumeBytes;
    for (const { capacityBytes } of this.#options.state.nodes.all()) {
      bytes = Math.min(bytes, Math.max(LIMITS.volumeBytesMin, capacityBytes * LIMITS.volumeShareOfNode));
    }
    return bytes;
  }

  async #pass(): Promise<number> {
    let done = 0;
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const { seal, create: wanted } = this.#plan();
      const create = this.#options.clock.monotonic() < this.#createsAgainAtMs ? [] : wanted;
      if (seal.length === 0 && create.length === 0) break;
      for (const { id, reason } of seal) await this.#options.sealer.seal(id, reason);
      await this.#createAll(create);
      done += seal.length + create.length;
    }
    return done;
  }

  #plan(): AllocationPlan {
    const { state, replicas, writeQuorum, random } = this.#options;
    const { volumeBytes, nodesExpected } = this;
    const open = state.volumes.open().map((volume) => openVolume(volume, state.nodes));
    const candidates = state.nodes.all().map((node) => this.#candidate(node, volumeBytes));
    const fraction = () => random.fraction();
    return planAllocation({ open, candidates, replicas, writeQuorum, volumeBytes, nodesExpected, fraction });
  }

  #candidate(node: ClusterNode, volumeBytes: number): PlacementCandidate {
    const { volumes } = this.#options.state;
    let committedBytes = node.usedBytes;
    for (const id of volumes.onNode(node.id)) {
      if (volumes.get(id)?.state !== 'open') continue;
      committedBytes += Math.max(0, volumeBytes - (node.reports.get(id)?.logBytes ?? 0));
    }
    const { id, domain, state, capacityBytes, troubled } = node;
    return { id, domain, state, capacityBytes, committedBytes, troubled };
  }

  async #createAll(plans: readonly PlannedVolume[]): Promise<void> {
    if (plans.length === 0) return;
    const ids = await this.#options.executor.submit(reserveVolumes(plans.length));
    const created = await Promise.allSettled(plans.map((plan, at) => this.#create(ids[at] as VolumeId, plan)));
    const failed = created.find((result) => result.status === 'rejected');
    this.#pauseAfter(failed !== undefined);
    if (failed !== undefined) throw failed.reason;
  }

  #pauseAfter(failure: boolean): void {
    this.#failuresInARow = failure ? this.#failuresInARow + 1 : 0;
    if (this.#failuresInARow < 2) return;
    const pauseMs = Math.min(FAILURE_PAUSE_MAX_MS, FAILURE_PAUSE_MS * 2 ** (this.#failuresInARow - 2));
    this.#createsAgainAtMs = this.#options.clock.monotonic() + pauseMs;
  }

  async #create(id: VolumeId, { nodeIds, replicasMin }: PlannedVolume): Promise<void> {
    const { state, executor, writeQuorum, clock, log } = this.#options;
    const made = await this.#makeReplicas(id, nodeIds);
    const domains = made.flatMap((nodeId) => state.nodes.get(nodeId)?.domain ?? []);
    if (distinctHosts(domains) < Math.max(replicasMin, writeQuorum)) {
      throw new CairnError(
        'WRITE_QUORUM_UNAVAILABLE',
        `volume ${id}: ${made.length} of ${nodeIds.length} replicas were made`,
      );
    }
    // Before the row: a heartbeat of before the creation must not make the replica look missing.
    for (const nodeId of made) state.nodes.reported(nodeId, emptyReplica(id));
    await executor.submit(createVolume({ id, nodeIds: made, nowMs: clock.now() }));
    log.info({ volume: id, nodes: made }, 'volume created');
  }

  /** @returns Those that made their replica: all, or as many as there are a moment after the quorum. */
  async #makeReplicas(volumeId: VolumeId, nodeIds: readonly NodeId[]): Promise<NodeId[]> {
    const { state, channels, epoch, writeQuorum, clock } = this.#options;
    const made: NodeId[] = [];
    const quorum = Promise.withResolvers<void>();
    const calls = nodeIds.map(async (id) => {
      const node = state.nodes.get(id);
      if (node === undefined) return;
      try {
        const request = { epoch, volumeId, generation: FIRST_GENERATION };
        await channels.to(node).call('StorageNode.CreateVolume', request);
        made.push(id);
        state.nodes.untroubled(id);
        if (made.length >= writeQuorum) quorum.resolve();
      } catch (error) {
        state.nodes.trouble(id);
        this.#options.log.warn({ volume: volumeId, node: id, error }, 'a replica could not be made');
      }
    });
    const patience = new AbortController();
    const waited = quorum.promise.then(() => sleep(clock, STRAGGLER_WAIT_MS, patience.signal)).catch(() => undefined);
    await Promise.race([Promise.all(calls), waited]);
    patience.abort();
    return [...made];
  }
}

function emptyReplica(volumeId: VolumeId): VolumeReport {
  const digest = '0'.repeat(16);
  const counts = { logBytes: 0, liveBytes: 0, liveChunks: 0, tombstones: 0, damagedChunks: 0 };
  return { volumeId, generation: FIRST_GENERATION, state: 'open', digest, ...counts };
}
