/** A node on the real disk, the real index and the real network. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {
  type CairnError,
  type Channel,
  clusterAuthorization,
  LIMITS,
  parseConfig,
  realClock,
  realDisk,
  realRandom,
  silentLog,
} from '@cairn/core';
import { createTransport, hostId } from '@cairn/proto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storageNodeSchema } from './config.ts';
import { type RunningStorageNode, startStorageNode } from './start.ts';
import { CLUSTER_SECRET, FakeLeader } from './testing/fake-leader.ts';
import { idOf, payloadOf, putOf, VOLUME } from './testing/volume-bench.ts';

const PATIENCE_MS = 10_000;

let folder: string;
let leader: FakeLeader;
let leaderAddress: string;
let closing: (() => Promise<unknown> | unknown)[];

const transportOf = () => createTransport({ hostId: hostId(), lane: 'auto', rpcDeadlineMs: 5000 });

beforeEach(async () => {
  closing = [];
  folder = await fs.promises.mkdtemp(path.join(os.tmpdir(), 'cairn-node-'));
  leader = new FakeLeader();
  leaderAddress = await leader.listen(transportOf(), { address: '127.0.0.1:0', clock: realClock });
  closing.push(() => leader.close());
});

afterEach(async () => {
  for (const close of closing.reverse()) await close();
  await fs.promises.rm(folder, { recursive: true });
});

async function start(config: object = {}): Promise<{ node: RunningStorageNode; channel: Channel }> {
  const base = { dataDir: folder, metadata: leaderAddress, clusterSecret: CLUSTER_SECRET };
  const ports = { clock: realClock, random: realRandom, disk: realDisk, log: silentLog };
  const transport = transportOf();
  const node = await startStorageNode(parseConfig(storageNodeSchema, { ...base, ...config }), { ...ports, transport });
  closing.push(() => node.close());
  const authorization = () => clusterAuthorization(CLUSTER_SECRET, ports);
  const channel = transport.connect({ endpoint: node.endpoint, authorization });
  closing.push(() => channel.close());
  for (const startedMs = Date.now(); node.notReady() !== undefined; ) {
    if (Date.now() - startedMs > PATIENCE_MS) throw new Error(node.notReady());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { node, channel };
}

const get = (channel: Channel, number: number, offset: number, length: number) =>
  channel.call('StorageNode.GetChunk', { volumeId: VOLUME, chunkId: idOf(number), offset, length });

describe('a node on a real disk', () => {
  it('keeps small and large chunks over a restart, and over the loss of its index', async () => {
    const sizes = [0, 10, 4096, 200_000, 9_000_000];
    const first = await start();
    const { channel } = first;
    await channel.call('StorageNode.CreateVolume', { epoch: 5, volumeId: VOLUME, generation: 1 });
    await Promise.all(sizes.map((bytes, number) => channel.call('StorageNode.PutChunk', putOf(number, bytes))));
    const small = Array.from({ length: 2000 }, (_, at) => at + 100);
    await Promise.all(small.map((number) => channel.call('StorageNode.PutChunk', putOf(number, 300))));
    await first.node.close();
    for (const loseIndex of [false, true]) {
      if (loseIndex) await fs.promises.rm(path.join(folder, 'index'), { recursive: true });
      const again = await start();
      expect(leader.registrations.at(-1)?.volumes).toMatchObject([
        { liveChunks: sizes.length + small.length, damagedChunks: 0 },
      ]);
      for (const [number, bytes] of sizes.entries()) {
        const pieces: Uint8Array[] = [];
        for (let offset = 0; offset < bytes; offset += LIMITS.readBytes) {
          const length = Math.min(LIMITS.readBytes, bytes - offset);
          pieces.push((await get(again.channel, number, offset, length)).payload);
        }
        expect(Buffer.concat(pieces).equals(payloadOf(number, bytes)), `${bytes} bytes`).toBe(true);
      }
      expect((await get(again.channel, 1234, 0, 300)).payload.length).toBe(300);
      await again.node.close();
    }
  });

  it('refuses a folder that another node uses, and says so', async () => {
    await start();
    const refusal = await start().then(
      () => expect.fail('a second node started'),
      (error: unknown) => error as CairnError,
    );
    expect([refusal.code, refusal.message]).toEqual(['DATA_DIR_LOCKED', expect.stringMatching(/another process uses/)]);
  });

  it('frees the folder when it cannot listen', async () => {
    await expect(start({ listen: leaderAddress })).rejects.toThrow();
    const { node } = await start();
    expect(node.notReady()).toBeUndefined();
  });
});
