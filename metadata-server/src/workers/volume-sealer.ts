/**
 * Sealing a volume: first the commit, which decides; then its nodes are told. A node that cannot be reached is told when it registers
 * or with its next heartbeat, and this pass tries again meanwhile.
 */
import {
  CairnError,
  type Channel,
  type Clock,
  hasCode,
  type Log,
  type NodeId,
  type NodeOrder,
  type VolumeId,
  Worker,
} from '@cairn/core';
import type { ClusterState } from '../cluster/cluster-state.ts';
import { isUp } from '../cluster/membership.ts';
import type { NodeChannels } from '../cluster/node-channels.ts';
import type { SealOrders } from '../cluster/seal-orders.ts';
import type { Executor } from '../executor.ts';
import { sealVolume } from '../operations/seal-volume.ts';

export interface VolumeSealerOptions {
  state: Pick<ClusterState, 'nodes' | 'volumes'>;
  orders: SealOrders;
  executor: Executor;
  channels: NodeChannels;
  epoch: number;
  clock: Clock;
  intervalMs: number;
  log: Log;
}

export class VolumeSealer {
  readonly worker: Worker;
  readonly #options: VolumeSealerOptions;

  constructor(options: VolumeSealerOptions) {
    this.#options = options;
    this.worker = new Worker({
      name: 'volume sealer',
      clock: options.clock,
      intervalMs: options.intervalMs,
      queued: () => options.orders.size,
      pass: (signal) => this.#deliver(signal),
    });
  }

  /** Resolves when the volume is sealed durably; its nodes hear of it right after. */
  async seal(id: VolumeId, reason: string): Promise<void> {
    const { executor, orders, state, log } = this.#options;
    if (!(await executor.submit(sealVolume(id)))) return;
    log.info({ volume: id, reason }, 'volume sealed');
    const volume = state.volumes.get(id);
    if (volume !== undefined) orders.sealed(volume);
    this.worker.wake();
  }

  async #deliver(signal: AbortSignal): Promise<number> {
    const { orders, state, channels } = this.#options;
    const deliveries = orders.nodes().flatMap((id) => {
      const node = state.nodes.get(id);
      if (node === undefined || !isUp(node.state) || node.troubled) return [];
      return this.#deliverTo({ id, channel: channels.to(node), signal });
    });
    const done = await Promise.all(deliveries);
    return done.reduce((sum, count) => sum + count, 0);
  }

  async #deliverTo({ id, channel, signal }: { id: NodeId; channel: Channel; signal: AbortSignal }): Promise<number> {
    let done = 0;
    for (const order of this.#options.orders.of(id)) {
      if (signal.aborted || !(await this.#deliverOne({ id, channel, order, signal }))) break;
      done += 1;
    }
    return done;
  }

  /** @returns false when the node did not do it; it stays ordered. */
  async #deliverOne(options: {
    id: NodeId;
    channel: Channel;
    order: NodeOrder;
    signal: AbortSignal;
  }): Promise<boolean> {
    const { id, channel, order, signal } = options;
    const { orders, state, epoch } = this.#options;
    const { volumeId, generation } = order;
    try {
      const { volume } = await channel.call('StorageNode.SealVolume', { epoch, volumeId, generation }, { signal });
      state.nodes.reported(id, volume);
      orders.reported(id, volume);
      return true;
    } catch (error) {
      if (!(error instanceof CairnError)) throw error;
      if (!hasCode(error, 'VOLUME_NOT_FOUND')) return false;
      orders.drop(id, volumeId);
      return true;
    }
  }
}
