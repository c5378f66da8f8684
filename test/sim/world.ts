/** The whole cluster in one process: machines, the network between them, and clients that may crash as well. */

import { type CairnClient, connectCairn } from '@cairn/client-sdk';
import { clusterAuthorization, keyAuthorization, parseConfig, TIMER_PROFILES } from '@cairn/core';
import { ANY, MemoryNetwork, SeededRandom, VirtualClock } from '@cairn/core/testing';
import { metadataServerSchema, startMetadataServer } from '@cairn/metadata-server';
import { startStorageNode, storageNodeSchema } from '@cairn/storage-node';
import { Events } from './events.ts';
import { Machine, type MachinePorts } from './machine.ts';
import { ProcessClock } from './process.ts';

const CLUSTER_SECRET = 'the cluster secret of a simulation';
const KEY = { accessKey: 'simulation', secretKey: 'the secret key of a simulation' };
const METADATA_ADDRESS = 'metadata:7000';
export const CHUNK_BYTES = 128 * 1024;
const VOLUME_BYTES = 2 * 1024 * 1024;
const TIMERS = TIMER_PROFILES.test;
/** What every link does as long as it has no fault. */
const HEALTHY_LINK = { delayMs: [0.1, 1.5] } as const;

export interface WorldOptions {
  seed: number;
  nodes: number;
  clients: number;
  /** The disks of storage nodes lie about their syncs. */
  disksLie: boolean;
  violated: (what: string) => void;
}

/** A client process; a crashed one is replaced by a fresh one under its name. */
export interface SimulatedClient {
  readonly name: string;
  readonly cairn: CairnClient;
  readonly clock: ProcessClock;
  /** Resolves when the process is killed. */
  readonly died: Promise<void>;
}

export class World {
  readonly time = new VirtualClock();
  readonly events = new Events(this.time);
  readonly random: SeededRandom;
  readonly network: MemoryNetwork;
  readonly metadata: Machine;
  readonly nodes: Machine[];
  readonly clients: SimulatedClient[] = [];
  /** How far the wall clocks of clients are ahead. */
  readonly #clientSkewMs = new Map<string, number>();
  readonly #kills = new Map<string, () => void>();
  #clientStarts = 0;

  constructor({ seed, nodes, clients, disksLie, violated }: WorldOptions) {
    this.random = new SeededRandom(seed);
    const { time, events, random } = this;
    const { rpcDeadlineMs } = TIMERS;
    this.network = new MemoryNetwork({ clock: time, random: random.fork('network'), rpcDeadlineMs });
    const shared = { time, events, random, network: this.network, violated };
    this.metadata = new Machine({ ...shared, name: 'metadata', diskLies: false, start: startMetadata });
    this.nodes = Array.from({ length: nodes }, (_, at) => {
      const name = `node-${at + 1}`;
      return new Machine({ ...shared, name, diskLies: disksLie, start: (ports) => startNode(name, ports) });
    });
    for (let at = 0; at < clients; at++) this.#startClient(at);
    this.healNetwork();
  }

  get machines(): Machine[] {
    return [this.metadata, ...this.nodes];
  }

  /** Names of everything that speaks on the network. */
  get names(): string[] {
    return [...this.machines, ...this.clients].map(({ name }) => name);
  }

  healNetwork(): void {
    this.network.healAll();
    this.network.setFaults(ANY, ANY, HEALTHY_LINK);
  }

  client(at: number): SimulatedClient {
    return this.clients[at] as SimulatedClient;
  }

  /** Sets a wall clock so far ahead of the true time. */
  setSkew(name: string, skewMs: number): void {
    const machine = this.machines.find((one) => one.name === name);
    if (machine === undefined) this.#clientSkewMs.set(name, skewMs);
    else machine.skewMs = skewMs;
  }

  /** What the client was doing has an outcome that nobody will know. */
  restartClient(at: number): void {
    const { name, clock } = this.client(at);
    clock.kill();
    this.network.crash(name);
    this.#kills.get(name)?.();
    this.#startClient(at);
  }

  /** Lets time pass in small steps; machines whose power went in the middle of a change go down with it. */
  async pass(ms: number, onPowerLost: (machine: Machine) => void = () => undefined): Promise<void> {
    const stepMs = 20;
    for (let left = ms; left > 0; left -= stepMs) {
      await this.time.advance(Math.min(stepMs, left));
      for (const machine of this.machines) if (machine.followDisk()) onPowerLost(machine);
    }
  }

  /** Waits until the condition holds. @returns false when it did not within the limit. */
  async until(holds: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.time.monotonic() + limitMs;
    while (!holds()) {
      if (this.time.monotonic() >= endMs) return false;
      await this.pass(100);
    }
    return true;
  }

  /** The end of everything: nothing of this world runs any more. */
  destroy(): void {
    for (const machine of this.machines) machine.kill();
    for (const { name, clock } of this.clients) {
      clock.kill();
      this.network.crash(name);
    }
  }

  /** One kind of client proves to nodes that it belongs to the cluster, as a gateway does; the other shows its session's token. */
  #startClient(at: number): void {
    const name = `client-${at + 1}`;
    this.#clientStarts += 1;
    const clock = new ProcessClock(this.time, () => this.#clientSkewMs.get(name) ?? 0);
    const random = this.random.fork(`${name}/${this.#clientStarts}`);
    const { promise: died, resolve } = Promise.withResolvers<void>();
    this.#kills.set(name, resolve);
    const isGateway = at % 2 === 0;
    const source = { clock, random };
    const cairn = connectCairn({
      metadata: [METADATA_ADDRESS],
      authorization: () => (isGateway ? clusterAuthorization(CLUSTER_SECRET, source) : keyAuthorization(KEY, source)),
      nodesKnowBy: isGateway ? 'authorization' : 'session',
      ports: { ...source, transport: this.network.transport(name), log: this.events.logOf(name) },
      rpcDeadlineMs: TIMERS.rpcDeadlineMs,
      hedgeAfterMs: TIMERS.hedgeAfterMs,
    });
    this.clients[at] = { name, cairn, clock, died };
  }
}

function startMetadata(ports: MachinePorts) {
  const config = parseConfig(metadataServerSchema, {
    ...{ dataDir: '/data', listen: METADATA_ADDRESS, metadataStore: 'journal:', profile: 'test' },
    ...{ clusterSecret: CLUSTER_SECRET, chunkSize: CHUNK_BYTES, volumeSize: VOLUME_BYTES, ...KEY },
  });
  return startMetadataServer(config, ports);
}

function startNode(name: string, ports: MachinePorts) {
  const config = parseConfig(storageNodeSchema, {
    ...{ dataDir: '/data', listen: `${name}:7000`, bulkListen: 'none', metadata: METADATA_ADDRESS, nodeId: name },
    ...{ clusterSecret: CLUSTER_SECRET, volumeSize: VOLUME_BYTES, profile: 'test' },
  });
  return startStorageNode(config, ports);
}
