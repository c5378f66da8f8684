/** A metadata server over the in-memory network, with small stand-ins for storage nodes at the other end of the wire. */
import {
  CairnError,
  type Channel,
  clusterAuthorization,
  endpointOf,
  type FailureDomain,
  keyAuthorization,
  type Listener,
  type NodeId,
  type OpenSessionResponse,
  type Principal,
  parseConfig,
  type RegisterNodeResponse,
  type RolePorts,
  silentLog,
  sleep,
  TIMER_PROFILES,
  type VolumeId,
  type VolumeReport,
} from '@cairn/core';
import { MemoryDisk, MemoryNetwork, SeededRandom, VirtualClock } from '@cairn/core/testing';
import { metadataServerSchema } from './config.ts';
import { type RunningMetadataServer, startMetadataServer } from './server.ts';

export const TIMERS = TIMER_PROFILES.test;
export const KEY = { accessKey: 'root', secretKey: 'a secret key of some length' };
export const CLUSTER_SECRET = 'the cluster secret of this test';

export interface TestCluster {
  clock: VirtualClock;
  network: MemoryNetwork;
  server: RunningMetadataServer;
  /** A client with the root key. */
  client: Channel;
  /** Starts a node, and has it register. */
  addNode: (name: string, options?: AddedNode) => Promise<TestNode>;
  openSession: () => Promise<OpenSessionResponse>;
  /** Lets time pass until the condition holds. */
  until: (holds: () => Promise<boolean> | boolean) => Promise<void>;
  close: () => Promise<void>;
}

interface AddedNode {
  domain?: Partial<FailureDomain>;
  /** Before it starts. */
  prepare?: (node: TestNode) => void;
}

/** The outside world of a metadata server: its disk may be that of one before it. */
export interface World {
  clock: VirtualClock;
  network: MemoryNetwork;
  disk: MemoryDisk;
}

function portsOf({ clock, network, disk }: World, name: string): RolePorts {
  return { clock, random: new SeededRandom(name), transport: network.transport(name), disk, log: silentLog };
}

export function newWorld(): World {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom(1), rpcDeadlineMs: TIMERS.rpcDeadlineMs });
  return { clock, network, disk: new MemoryDisk() };
}

export async function startCluster(
  overrides: Record<string, unknown> = {},
  world: World = newWorld(),
): Promise<TestCluster> {
  const { clock, network } = world;
  const config = parseConfig(metadataServerSchema, {
    dataDir: '/data',
    metadataStore: 'memory:',
    clusterSecret: CLUSTER_SECRET,
    ...KEY,
    profile: 'test',
    ...overrides,
  });
  const server = await clock.run(startMetadataServer(config, portsOf(world, 'metadata')));
  const random = new SeededRandom(2);
  const authorization = () => keyAuthorization(KEY, { clock, random });
  const client = network.transport('client').connect({ endpoint: server.endpoint, authorization });
  const nodes: TestNode[] = [];
  const until: TestCluster['until'] = async (holds) => {
    for (let step = 0; step < 1000; step++) {
      if (await clock.run(Promise.resolve(holds()))) return;
      await clock.advance(50);
    }
    throw new Error('the condition did not come to hold');
  };
  return {
    ...{ clock, network, server, client, until },
    async addNode(name, { domain = {}, prepare } = {}) {
      const node = new TestNode({ clock, network, server, name, domain });
      prepare?.(node);
      nodes.push(node);
      await clock.run(node.start());
      return node;
    },
    openSession: () => clock.run(client.call('MetadataServer.OpenSession', {})),
    async close() {
      for (const node of nodes) node.crash();
      await clock.run(server.close());
    },
  };
}

interface TestNodeOptions {
  clock: VirtualClock;
  network: MemoryNetwork;
  server: RunningMetadataServer;
  name: string;
  domain: Partial<FailureDomain>;
}

export class TestNode {
  readonly id: NodeId;
  readonly volumes = new Map<VolumeId, VolumeReport>();
  /** What its folder holds. */
  clusterId = '';
  incarnation = 0;
  usedBytes = 0;
  capacityBytes = 2 ** 40;
  readOnly = false;
  /** Set to have CreateVolume fail. */
  refuses: CairnError | undefined;
  readonly #options: TestNodeOptions;
  #leader: Channel | undefined;
  #listener: Listener | undefined;
  #life = new AbortController();

  constructor(options: TestNodeOptions) {
    this.#options = options;
    this.id = options.name as NodeId;
  }

  /** A new process on the same folder. */
  async start(): Promise<void> {
    const { clock, network, server, name } = this.#options;
    this.#life = new AbortController();
    const transport = network.transport(name);
    const random = new SeededRandom(name);
    this.#listener = await transport.listen({
      address: 'node:0',
      services: {
        StorageNode: {
          CreateVolume: async ({ volumeId, generation }) => {
            if (this.refuses !== undefined) throw this.refuses;
            this.volumes.set(volumeId, emptyReport(volumeId, generation));
            return {};
          },
          SealVolume: async ({ volumeId, generation }) => ({ volume: this.#seal(volumeId, generation) }),
          PutChunk: async () => ({}),
          GetChunk: async () => Promise.reject(new CairnError('CHUNK_NOT_FOUND')),
          DeleteChunks: async () => ({}),
        },
      },
      authenticate: (): Principal => ({ kind: 'cluster' }),
    });
    const authorization = () => clusterAuthorization(CLUSTER_SECRET, { clock, random });
    this.#leader = transport.connect({ endpoint: server.endpoint, authorization });
    await this.register();
    void this.#heartbeats(this.#life.signal);
  }

  async register(): Promise<RegisterNodeResponse> {
    const { id: nodeId, clusterId, incarnation, capacityBytes, usedBytes } = this;
    const domain = { zone: 'z', rack: 'r', host: this.id, ...this.#options.domain };
    const answer = await this.leader.call('MetadataServer.RegisterNode', {
      ...{ nodeId, clusterId, incarnation, capacityBytes, usedBytes, domain },
      endpoint: this.#listener?.endpoint ?? endpointOf('nowhere:1'),
      volumes: [...this.volumes.values()],
    });
    this.clusterId = answer.clusterId;
    this.incarnation = answer.incarnation;
    for (const { volumeId, generation } of answer.orders) this.#seal(volumeId, generation);
    return answer;
  }

  async heartbeat(): Promise<void> {
    const { id: nodeId, incarnation, capacityBytes, usedBytes, readOnly } = this;
    const volumes = [...this.volumes.values()];
    const request = { nodeId, incarnation, capacityBytes, usedBytes, readOnly, fsyncP99Ms: 1, volumes };
    const { orders } = await this.leader.call('MetadataServer.Heartbeat', request);
    for (const { volumeId, generation } of orders) this.#seal(volumeId, generation);
  }

  get leader(): Channel {
    if (this.#leader === undefined) throw new Error('the node has not started');
    return this.#leader;
  }

  /** The process is gone; its folder stays. */
  crash(): void {
    this.#life.abort();
    this.#options.network.crash(this.#options.name);
  }

  #seal(volumeId: VolumeId, generation: number): VolumeReport {
    const report = this.volumes.get(volumeId);
    if (report === undefined) throw new CairnError('VOLUME_NOT_FOUND');
    const sealed: VolumeReport = { ...report, state: 'sealed', generation };
    this.volumes.set(volumeId, sealed);
    return sealed;
  }

  async #heartbeats(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#options.clock, TIMERS.heartbeatIntervalMs, signal).catch(() => undefined);
      if (!signal.aborted) await this.heartbeat().catch(() => undefined);
    }
  }
}

function emptyReport(volumeId: VolumeId, generation: number): VolumeReport {
  const counts = { logBytes: 0, liveBytes: 0, liveChunks: 0, tombstones: 0, damagedChunks: 0 };
  return { volumeId, generation, state: 'open', digest: '0'.repeat(16), ...counts };
}
