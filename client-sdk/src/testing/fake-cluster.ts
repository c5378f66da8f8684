/** A cluster in memory for the tests of the client: a fake leader and fake nodes on the in-memory network. */
import {
  type CairnError,
  type Clock,
  type Principal,
  parseNodeId,
  realClock,
  silentLog,
  toCairnError,
} from '@cairn/core';
import { MemoryNetwork, SeededRandom, serviceOf } from '@cairn/core/testing';
import { type CairnClient, type ConnectCairnOptions, connectCairn } from '../client.ts';
import { FakeLeader } from './fake-leader.ts';
import { FakeNode } from './fake-node.ts';

export interface FakeClusterOptions {
  nodes?: number;
  clock?: Clock;
}

export class FakeCluster {
  readonly network: MemoryNetwork;
  readonly nodes: FakeNode[];
  readonly leader: FakeLeader;
  readonly clock: Clock;
  readonly #random = new SeededRandom(1);
  readonly #clients: CairnClient[] = [];
  /** What callers showed at each new connection. */
  readonly authorizations: string[] = [];
  leaderAddress = '';

  constructor({ nodes = 3, clock = realClock }: FakeClusterOptions = {}) {
    this.clock = clock;
    this.network = new MemoryNetwork({ clock, random: this.#random });
    this.nodes = Array.from({ length: nodes }, (_, at) => new FakeNode(parseNodeId(`node-${at + 1}`)));
    this.leader = new FakeLeader(this.nodes);
    this.leader.buckets.set('b', 0);
  }

  static async start(options: FakeClusterOptions = {}): Promise<FakeCluster> {
    const cluster = new FakeCluster(options);
    cluster.leaderAddress = await cluster.startLeader('leader');
    for (const node of cluster.nodes) await cluster.startNode(node);
    return cluster;
  }

  /** Another process with the same state. @returns Its address. */
  async startLeader(name: string): Promise<string> {
    const services = { MetadataServer: serviceOf('MetadataServer', this.leader.handlers) };
    const { authenticate } = this;
    const listener = await this.network.transport(name).listen({ address: `${name}:0`, services, authenticate });
    return listener.endpoint.grpc;
  }

  /** Also after a crash: then it has another endpoint. */
  async startNode(node: FakeNode): Promise<void> {
    const services = { StorageNode: serviceOf('StorageNode', node.handlers) };
    const { authenticate } = this;
    const listener = await this.network.transport(node.id).listen({ address: `${node.id}:0`, services, authenticate });
    node.endpoint = listener.endpoint;
  }

  node(at: number): FakeNode {
    return this.nodes[at - 1] as FakeNode;
  }

  client(options: Partial<ConnectCairnOptions> = {}): CairnClient {
    const ports = {
      clock: this.clock,
      random: this.#random.fork('client'),
      transport: this.network.transport('client'),
      log: silentLog,
    };
    const client = connectCairn({ metadata: [this.leaderAddress], authorization: () => 'cluster', ports, ...options });
    this.#clients.push(client);
    return client;
  }

  readonly authenticate = (authorization: string | undefined): Principal => {
    this.authorizations.push(authorization ?? '');
    return { kind: 'cluster' };
  };

  async close(): Promise<void> {
    for (const client of this.#clients) await client.close();
  }
}

/** What the work rejects with. */
export async function failureOf(work: Promise<unknown>): Promise<CairnError> {
  return await work.then(
    () => {
      throw new Error('it succeeded');
    },
    (error: unknown) => toCairnError(error),
  );
}

/** Bytes that differ at every place, from every other length and from every other seed. */
export function testBytes(length: number, seed = 1): Uint8Array {
  const bytes = Buffer.alloc(length);
  const random = new SeededRandom(`${seed}/${length}`);
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE(random.word(), at);
  for (let at = length - (length % 4); at < length; at++) bytes[at] = random.word() >>> 24;
  return bytes;
}
