/** A cluster of real roles in this process, on the real network and a temporary folder, for tests. */
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { parseConfig, realClock, realDisk, realRandom, silentLog } from '@cairn/core';
import { metadataServerSchema, type RunningMetadataServer, startMetadataServer } from '@cairn/metadata-server';
import { createTransport, hostId } from '@cairn/proto';
import { type RunningStorageNode, startStorageNode, storageNodeSchema } from '@cairn/storage-node';
import { Cairn } from '../cairn.ts';

const CLUSTER_SECRET = 'b1946ac92492d2347c6235b4d2611184';
/** Short where a test waits for it, long where a busy machine would otherwise look like a dead node. */
const TIMERS = { heartbeatIntervalMs: 200, suspectAfterMs: 10_000, downAfterMs: 30_000, rpcDeadlineMs: 5000 };
const KEY = { accessKey: 'AKIATEST', secretKey: '591785b794601e212b260e25925636fd' };

export class RealCluster {
  readonly folder: string;
  readonly nodes: RunningStorageNode[] = [];
  #server: RunningMetadataServer | undefined;
  metadataAddress = '127.0.0.1:0';
  readonly #clients: Cairn[] = [];

  constructor(folder: string) {
    this.folder = folder;
  }

  static async start(nodes = 3): Promise<RealCluster> {
    const cluster = new RealCluster(await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-sdk-')));
    await cluster.startMetadata();
    for (let at = 1; at <= nodes; at++) await cluster.startNode(at);
    return cluster;
  }

  async startMetadata(): Promise<void> {
    const config = parseConfig(metadataServerSchema, {
      ...{ dataDir: path.join(this.folder, 'metadata'), listen: this.metadataAddress, profile: 'test' },
      ...{ clusterSecret: CLUSTER_SECRET, volumeSize: '64MiB', timers: TIMERS, ...KEY },
    });
    this.#server = await startMetadataServer(config, ports());
    this.metadataAddress = this.#server.address;
  }

  async stopMetadata(): Promise<void> {
    await this.#server?.close();
  }

  async startNode(at: number): Promise<void> {
    const config = parseConfig(storageNodeSchema, {
      ...{ dataDir: path.join(this.folder, `node-${at}`), nodeId: `node-${at}`, metadata: this.metadataAddress },
      ...{ clusterSecret: CLUSTER_SECRET, volumeSize: '64MiB', profile: 'test', timers: TIMERS },
    });
    this.nodes[at - 1] = await startStorageNode(config, ports());
  }

  async stopNode(at: number): Promise<void> {
    await this.nodes[at - 1]?.close();
  }

  client(): Cairn {
    const client = new Cairn({ metadata: [this.metadataAddress], ...KEY, hedgeAfterMs: 200 });
    this.#clients.push(client);
    return client;
  }

  async destroy(): Promise<void> {
    for (const client of this.#clients) await client.close();
    for (const node of this.nodes) await node.close();
    await this.stopMetadata();
    await fs.rm(this.folder, { recursive: true, force: true });
  }
}

function ports() {
  const transport = createTransport({ hostId: hostId(), lane: 'auto', rpcDeadlineMs: TIMERS.rpcDeadlineMs });
  return { clock: realClock, random: realRandom, disk: realDisk, log: silentLog, transport };
}
