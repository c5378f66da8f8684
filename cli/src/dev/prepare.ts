/** From flags to a plan: looks at the machine and the data folder, makes what is missing, and refuses what cannot work. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { CairnError, realDisk, realRandom } from '@cairn/core';
import { ensureClusterSecret, ensureRootKey, type KeyPair } from './credentials.ts';
import type { DataFolder } from './data-folder.ts';
import { type Endpoints, readEndpoints } from './endpoints.ts';
import { type DevOptions, joinHostPort, splitHostPort } from './flags.ts';
import {
  type ClusterShape,
  LOCAL_HOST,
  planRoles,
  type RolePlan,
  type RolePortNumbers,
  roleNames,
  shapeCluster,
} from './plan.ts';
import { PortChooser, probePort } from './ports.ts';
import { deriveSizes, type Sizes } from './sizes.ts';

export interface Prepared {
  shape: ClusterShape;
  sizes: Sizes;
  key: KeyPair & { generated: boolean };
  /** The S3 endpoint as a URL. */
  endpoint: string;
  plans: RolePlan[];
  /** Removes what was made outside of the data folder. */
  dispose: () => void;
}

export async function prepare(options: DevOptions, folder: DataFolder): Promise<Prepared> {
  const kept = nodeFolders(folder.root);
  const facts = { cores: os.availableParallelism(), nodesKept: Math.max(0, ...kept.map(numberOf)) };
  const shape = shapeCluster(options, facts);
  const sizes = deriveSizes({
    nodes: shape.nodes,
    freeBytes: (await realDisk.space(folder.root)).freeBytes,
    usedBytes: kept.reduce((sum, name) => sum + bytesBelow(folder.roleDir(name)), 0),
    nodeCapacityBytes: options.nodeCapacityBytes,
    volumeBytes: options.volumeBytes,
  });
  // Before a key is made: it is shown at the first start only, and that start must not fail for a port.
  const before = readEndpoints(folder.endpoints);
  const s3 = await findS3(options.s3, before);
  const key = await ensureRootKey(folder.credentials, { disk: realDisk, random: realRandom, environment: process.env });
  const clusterSecret = await ensureClusterSecret(folder.clusterSecret, realDisk, realRandom);
  const ports = await choosePorts(shape, before);
  const sockets = chooseSockets(shape, folder);
  const portsOf = (name: string) => ports.get(name) as RolePortNumbers;
  const plans = planRoles({ options, shape, sizes, folder, key, clusterSecret, s3, portsOf, socketDirOf: sockets.of });
  return { shape, sizes, key, endpoint: urlOf(s3), plans, dispose: sockets.dispose };
}

const NODE_FOLDER = /^storage-node-([1-9]\d*)$/;

function nodeFolders(root: string): string[] {
  return fs.readdirSync(root).filter((name) => NODE_FOLDER.test(name));
}

function numberOf(name: string): number {
  return Number(NODE_FOLDER.exec(name)?.[1]);
}

/** Bytes on disk of all files below a folder; one that vanishes meanwhile counts nothing. */
function bytesBelow(folder: string): number {
  let bytes = 0;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) bytes += bytesBelow(full);
    else if (entry.isFile()) bytes += (fs.statSync(full, { throwIfNoEntry: false })?.blocks ?? 0) * 512;
  }
  return bytes;
}

/**
 * The S3 address with its real port. It is tried here without `reusePort`, so that a stranger on it is noticed: the
 * gateways, which share the port, would not see one that shares it too.
 */
async function findS3(address: string, before: Endpoints | undefined): Promise<string> {
  const { host, port } = splitHostPort(address);
  if (port === 0) {
    const remembered = before === undefined ? undefined : Number(new URL(before.s3).port);
    return joinHostPort(host, await new PortChooser(host, realRandom).choose(remembered));
  }
  const probe = await probePort(host, port);
  if ('port' in probe) return address;
  const why = probe.code === 'EADDRINUSE' ? 'another program uses it' : probe.code;
  throw new CairnError('CONFIG_INVALID', `--s3 ${address}: cannot listen there, ${why}; write another HOST:PORT`);
}

async function choosePorts(shape: ClusterShape, before: Endpoints | undefined): Promise<Map<string, RolePortNumbers>> {
  const chooser = new PortChooser(LOCAL_HOST, realRandom);
  const portIn = (address: string | undefined) => (address === undefined ? undefined : splitHostPort(address).port);
  const ports = new Map<string, RolePortNumbers>();
  for (const { name, role } of roleNames(shape)) {
    const remembered = before?.roles[name];
    ports.set(name, {
      grpc: role === 'gateway' ? 0 : await chooser.choose(portIn(remembered?.address)),
      bulk: role === 'storage-node' ? await chooser.choose(portIn(remembered?.bulk)) : 0,
      admin: await chooser.choose(portIn(remembered?.admin)),
    });
  }
  return ports;
}

interface Sockets {
  of: (name: string) => string | undefined;
  dispose: () => void;
}

/** Inside the data folder when its path is short enough, else in a folder of our own among the temporary ones. */
function chooseSockets(shape: ClusterShape, folder: DataFolder): Sockets {
  const longest = `storage-node-${shape.nodes}`.padEnd('metadata-server-1'.length, '-');
  if (folder.socketDir(longest) !== undefined) {
    return { of: (name) => folder.socketDir(name), dispose: () => undefined };
  }
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-'));
  return {
    of: (name) => folder.socketDir(name, base),
    dispose: () => fs.rmSync(base, { recursive: true, force: true }),
  };
}

/** What a client on this machine connects to: a listener on all addresses is reached through the loopback one. */
export function urlOf(s3: string): string {
  const { host, port } = splitHostPort(s3);
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${joinHostPort(reachable, port)}`;
}
