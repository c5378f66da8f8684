/** Strangers on every port: refused, and the processes live on. */
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { authenticator, clusterAuthorization, endpointOf, realClock, realRandom } from '@cairn/core';
import { createTransport } from '@cairn/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesOf } from '../harness/bytes.ts';
import { TestCluster } from '../harness/cluster.ts';

let cluster: TestCluster;
let pids: number[];

beforeAll(async () => {
  cluster = await TestCluster.start();
  pids = cluster.roles.map((role) => cluster.pid(role));
});

afterAll(() => cluster?.destroy());

/** Sends bytes and waits until the peer closes, answers and falls silent, or a second has passed. */
function send(address: string, bytes: Uint8Array): Promise<void> {
  const [host, port] = [
    address.slice(0, address.lastIndexOf(':')),
    Number(address.slice(address.lastIndexOf(':') + 1)),
  ];
  return new Promise((resolve) => {
    const socket = net.connect(port, host, () => socket.write(bytes));
    const end = () => {
      socket.destroy();
      resolve();
    };
    socket.setTimeout(1000, end);
    socket.on('error', end).on('close', end).resume();
  });
}

/** Every TCP port that a process of the cluster listens on. */
function listeningPorts(): number[] {
  const wanted = new Set(
    pids.flatMap((pid) =>
      fs.readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
        try {
          return /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1] ?? [];
        } catch {
          return [];
        }
      }),
    ),
  );
  const rows = fs.readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A' && wanted.has(fields[9] as string))
    .map((fields) => Number.parseInt((fields[1] as string).split(':')[1] as string, 16));
}

async function expectUnharmed(): Promise<void> {
  expect(cluster.roles.map((role) => cluster.pid(role))).toEqual(pids);
  const s3 = cluster.s3();
  const body = bytesOf('unharmed', 200_000);
  await s3.send(new CreateBucketCommand({ Bucket: 'unharmed' })).catch(() => undefined);
  await s3.send(new PutObjectCommand({ Bucket: 'unharmed', Key: 'key', Body: body }));
  const got = await s3.send(new GetObjectCommand({ Bucket: 'unharmed', Key: 'key' }));
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(body)).toBe(true);
}

describe('a stranger', () => {
  it('who sends noise to every port of every process harms nobody', async () => {
    const ports = listeningPorts();
    expect(ports.length).toBeGreaterThan(8);
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    for (const port of ports) {
      await Promise.all([
        send(`127.0.0.1:${port}`, bytesOf(port, 4096)),
        send(`127.0.0.1:${port}`, Buffer.concat([preface, bytesOf(port + 1, 4096)])),
        send(
          `127.0.0.1:${port}`,
          Buffer.from(
            'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n',
          ),
        ),
        send(`127.0.0.1:${port}`, Buffer.from(`POST /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`)),
      ]);
    }
    await expectUnharmed();
  });

  it.each([
    ['no credentials', () => '', 'UNAUTHENTICATED'],
    ['unreadable credentials', () => 'Bearer of gifts', 'UNAUTHENTICATED'],
    [
      'the wrong secret',
      () => clusterAuthorization('a secret that is not this cluster', { clock: realClock, random: realRandom }),
      'PERMISSION_DENIED',
    ],
  ])('with %s is refused by metadata server and storage nodes', async (_, authorization, code) => {
    const transport = createTransport({ hostId: '', lane: 'auto', rpcDeadlineMs: 3000 });
    const { roles } = cluster.endpoints;
    const metadata = transport.connect({
      endpoint: endpointOf(roles['metadata-server-1']?.address ?? ''),
      authorization,
    });
    await expect(metadata.call('MetadataServer.ListBuckets', {})).rejects.toMatchObject({ code });
    metadata.close();
    const node = transport.connect({ endpoint: endpointOf(roles['storage-node-1']?.address ?? ''), authorization });
    await expect(
      node.call('StorageNode.SealVolume', { epoch: 9, volumeId: 1 as never, generation: 9 }),
    ).rejects.toMatchObject({ code });
    node.close();
    await expectUnharmed();
  });

  it('with the secret of another cluster verifies against neither', () => {
    const verify = authenticator({
      clock: realClock,
      clusterSecret: fs.readFileSync(path.join(cluster.dataDir, 'cluster-secret'), 'utf8').trim(),
    });
    const foreign = clusterAuthorization('another cluster altogether', { clock: realClock, random: realRandom });
    expect(() => verify(foreign)).toThrow(expect.objectContaining({ code: 'PERMISSION_DENIED' }));
  });
});
