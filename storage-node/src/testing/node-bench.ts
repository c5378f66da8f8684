/** Whole storage nodes on a disk, an index, a network and a clock in memory, with a fake leader. */
import {
  type Channel,
  clusterAuthorization,
  type Log,
  type MethodName,
  parseConfig,
  type RequestOf,
  type ResponseOf,
  silentLog,
} from '@cairn/core';
import { MemoryDisk, MemoryNetwork, SeededRandom, VirtualClock } from '@cairn/core/testing';
import { storageNodeSchema } from '../config.ts';
import { MemoryIndexStore } from '../index/memory-index.ts';
import { type RunningStorageNode, startStorageNode } from '../start.ts';
import { CLUSTER_SECRET, FakeLeader } from './fake-leader.ts';
import { VOLUME } from './volume-bench.ts';

export const LEADER_ADDRESS = 'leader:7000';

export class NodeBench {
  readonly clock = new VirtualClock();
  readonly random = new SeededRandom('node bench');
  readonly network = new MemoryNetwork({ clock: this.clock, random: this.random });
  readonly leader = new FakeLeader();
  readonly store = new MemoryIndexStore();
  disk = new MemoryDisk();
  readonly errors: string[] = [];
  #node: RunningStorageNode | undefined;
  #channel: Channel | undefined;

  get node(): RunningStorageNode {
    if (this.#node === undefined) throw new Error('the node was not started');
    return this.#node;
  }

  listen(): Promise<string> {
    return this.leader.listen(this.network.transport('leader'), { address: LEADER_ADDRESS, clock: this.clock });
  }

  /** Starts the node, without waiting for its registration. */
  async start(config: Record<string, unknown> = {}): Promise<RunningStorageNode> {
    const base = { dataDir: '/data', metadata: LEADER_ADDRESS, nodeId: 'n1', clusterSecret: CLUSTER_SECRET };
    const log: Log = { ...silentLog, error: (_fields, message) => this.errors.push(message) };
    const ports = { clock: this.clock, random: this.random, disk: this.disk, log };
    const transport = this.network.transport('node');
    const parsed = parseConfig(storageNodeSchema, { ...base, ...config });
    this.#node = await startStorageNode(parsed, { ...ports, transport, openIndex: async () => this.store.open() });
    this.#channel = undefined;
    return this.#node;
  }

  /** A leader, a node that has registered, and one open volume on it. */
  async startWithVolume(config: Record<string, unknown> = {}): Promise<void> {
    await this.listen();
    await this.start(config);
    await this.ready();
    await this.call('StorageNode.CreateVolume', { epoch: this.leader.epoch, volumeId: VOLUME, generation: 1 });
  }

  async ready(): Promise<void> {
    for (let tries = 0; tries < 100 && this.node.notReady() !== undefined; tries++) await this.clock.advance(100);
  }

  /** The process is killed and another one starts on its folder. */
  async restart(config: Record<string, unknown> = {}): Promise<void> {
    this.network.crash('node');
    this.disk = this.disk.handOver();
    this.store.crash();
    await this.start(config);
    await this.ready();
  }

  connect(authorization = () => clusterAuthorization(CLUSTER_SECRET, this)): Channel {
    return this.network.transport('client').connect({ endpoint: this.node.endpoint, authorization });
  }

  /** A call with the cluster's own credentials. */
  call<M extends MethodName>(method: M, request: RequestOf<M>): Promise<ResponseOf<M>> {
    this.#channel ??= this.connect();
    return this.clock.run(this.#channel.call(method, request));
  }

  metric(name: string): number | undefined {
    return this.node.metrics().find((sample) => sample.name === name)?.value;
  }
}
