/** A real cluster in this process for tests: one metadata server, three storage nodes and a gateway, on a temp folder. */
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { parseConfig, type RolePorts, type RunningRole, realClock, realDisk, realRandom, silentLog } from '@cairn/core';
import { metadataServerSchema, startMetadataServer } from '@cairn/metadata-server';
import { createTransport, hostId } from '@cairn/proto';
import { startStorageNode, storageNodeSchema } from '@cairn/storage-node';
import { gatewaySchema, startGateway } from '../index.ts';

const NODES = 3;
const CLUSTER_SECRET = '8f1d0c6b7a2e4539';
export const ACCESS_KEY = 'AKIAIOSFODNN7EXAMPLE';
export const SECRET_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';

export interface TestCluster {
  readonly gateway: RunningRole;
  readonly host: string;
  readonly port: number;
  readonly nodes: RunningRole[];
  close(): Promise<void>;
}

export interface TestClusterOptions {
  /** Over the gateway's own configuration. */
  gateway?: Record<string, unknown>;
  ports?: Partial<RolePorts>;
}

export async function startTestCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-gateway-'));
  const transport = createTransport({ hostId: hostId(), lane: 'auto', rpcDeadlineMs: 5000 });
  const ports: RolePorts = { clock: realClock, random: realRandom, disk: realDisk, transport, log: silentLog };
  const shared = { clusterSecret: CLUSTER_SECRET, profile: 'test' };
  const keys = { accessKey: ACCESS_KEY, secretKey: SECRET_KEY };
  const metadata = await startMetadataServer(
    parseConfig(metadataServerSchema, {
      ...shared,
      ...keys,
      dataDir: path.join(folder, 'metadata'),
      volumeSize: '64MiB',
    }),
    ports,
  );
  const nodes: RunningRole[] = [];
  for (let n = 1; n <= NODES; n++) {
    const config = parseConfig(storageNodeSchema, {
      ...shared,
      dataDir: path.join(folder, `node-${n}`),
      metadata: metadata.address,
      nodeId: `node-${n}`,
      host: `host-${n}`,
      capacity: '8GiB',
      volumeSize: '64MiB',
    });
    nodes.push(await startStorageNode(config, ports));
  }
  const config = parseConfig(gatewaySchema, {
    ...shared,
    ...keys,
    s3: '127.0.0.1:0',
    metadata: metadata.address,
    ...options.gateway,
  });
  const gateway = await startGateway(config, { ...ports, ...options.ports });
  await eventually('every role is ready', () => [metadata, ...nodes, gateway].every((role) => !role.notReady()));
  const [host = '', port = ''] = gateway.address.split(':');
  return {
    gateway,
    host,
    port: Number(port),
    nodes,
    async close() {
      await gateway.close();
      await Promise.all(nodes.map((node) => node.close()));
      await metadata.close();
      await fs.rm(folder, { recursive: true, force: true });
    },
  };
}

export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`this did not come true in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
