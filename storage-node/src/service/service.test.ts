/** The service of a whole node, over the wire. */
import { type GetChunkResponse, LIMITS, type SessionId, sessionAuthorization, type VolumeId } from '@cairn/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { CLUSTER_SECRET } from '../testing/fake-leader.ts';
import { NodeBench } from '../testing/node-bench.ts';
import { codeOf, idOf, payloadOf, putOf, VOLUME, VOLUME_FILE } from '../testing/volume-bench.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

let bench: NodeBench;

beforeEach(async () => {
  bench = new NodeBench();
  await bench.startWithVolume();
});

const put = (...args: Parameters<typeof putOf>) => bench.call('StorageNode.PutChunk', putOf(...args));
const get = (number: number, offset: number, length: number) =>
  bench.call('StorageNode.GetChunk', { volumeId: VOLUME, chunkId: idOf(number), offset, length });

/** The answer holds exactly the whole blocks that cover the range, with their checksums. */
function expectBlocks(
  answer: GetChunkResponse,
  wanted: { number: number; bytes: number; from: number; to: number },
): void {
  const { number, bytes, from, to } = wanted;
  const { blockChecksums, payload } = putOf(number, bytes);
  expect([answer.chunkBytes, answer.payloadOffset, answer.payload.length]).toEqual([bytes, from, to - from]);
  expect(Buffer.compare(answer.payload, payload.subarray(from, to))).toBe(0);
  const sums = blockChecksums.subarray((from / LIMITS.blockBytes) * 8, Math.ceil(to / LIMITS.blockBytes) * 8);
  expect(Buffer.compare(answer.blockChecksums, sums)).toBe(0);
}

describe('GetChunk', () => {
  it('answers with the whole blocks that cover the range', async () => {
    const bytes = 300 * KIB + 5;
    await put(1, bytes);
    const block = LIMITS.blockBytes;
    const ranges = [
      [0, bytes, 0, bytes],
      [0, 1, 0, block],
      [block - 1, 2, 0, 2 * block],
      [block, block, block, 2 * block],
      [bytes - 1, 1, 4 * block, bytes],
      [3 * block + 7, 0, 3 * block, 3 * block],
      [bytes, 0, 4 * block, 4 * block],
    ] as const;
    for (const [offset, length, from, to] of ranges) {
      expectBlocks(await get(1, offset, length), { number: 1, bytes, from, to });
    }
  });

  it('gives a large chunk in pieces, whatever their order', async () => {
    const bytes = 3 * MIB + 1;
    await put(1, bytes);
    for (const piece of [2, 0, 3, 1, 2]) {
      const from = piece * MIB;
      const to = Math.min(bytes, from + MIB);
      expectBlocks(await get(1, from, to - from), { number: 1, bytes, from, to });
    }
  });

  it('gives an empty chunk', async () => {
    await put(1, 0);
    expectBlocks(await get(1, 0, 0), { number: 1, bytes: 0, from: 0, to: 0 });
  });

  it('refuses what is not there', async () => {
    await put(1, 100);
    expect(await codeOf(get(1, 0, 101))).toBe('RANGE_INVALID');
    expect(await codeOf(get(1, 101, 0))).toBe('RANGE_INVALID');
    expect(await codeOf(get(2, 0, 1))).toBe('CHUNK_NOT_FOUND');
    const elsewhere = { volumeId: 9 as VolumeId, chunkId: idOf(1), offset: 0, length: 1 };
    expect(await codeOf(bench.call('StorageNode.GetChunk', elsewhere))).toBe('VOLUME_NOT_FOUND');
  });

  it('passes a damaged payload on for the reader to find, and never a damaged head', async () => {
    await put(1, 1000);
    await put(2, 1000);
    bench.disk.flipBit(VOLUME_FILE, 88 + 96 + 10);
    expect((await get(1, 0, 1000)).payload.length).toBe(1000);
    bench.disk.flipBit(VOLUME_FILE, 88 + 30);
    expect(await codeOf(get(1, 0, 1000))).toBe('CHUNK_CORRUPT');
    expect(await codeOf(get(1, 0, 1000))).toBe('CHUNK_CORRUPT');
    expect(bench.metric('cairn_node_damaged_chunks')).toBe(1);
    expect(bench.metric('cairn_node_gets_damaged_total')).toBe(1);
    await bench.clock.advance(10_000);
    const reports = bench.leader.heartbeats.flatMap(({ volumes }) => volumes);
    expect(reports.at(-1)).toMatchObject({ liveChunks: 1, damagedChunks: 1 });
    expect((await get(2, 0, 1000)).payload.length).toBe(1000);
  });
});

describe('PutChunk', () => {
  it('stores nothing that does not match its checksums', async () => {
    const { payload, blockChecksums } = putOf(1, 200 * KIB);
    const flipped = Buffer.from(payload);
    flipped[150 * KIB] = (flipped[150 * KIB] as number) ^ 1;
    expect(await codeOf(put(1, 0, { payload: flipped, blockChecksums }))).toBe('CHUNK_CORRUPT');
    expect(await codeOf(put(1, 0, { payload, blockChecksums: blockChecksums.subarray(8) }))).toBe('CHUNK_CORRUPT');
    expect(await codeOf(put(1, 0, { payload, blockChecksums, chunkId: idOf(2) }))).toBe('CHUNK_CORRUPT');
    expect(await codeOf(get(1, 0, 1))).toBe('CHUNK_NOT_FOUND');
    expect(bench.metric('cairn_node_puts_refused_total')).toBe(3);
  });

  it('takes from a session chunks of that session only, and lets it read all', async () => {
    await put(1, 10);
    const expiresAtMs = bench.clock.now() + 60_000;
    const as = (session: number) =>
      bench.connect(() => sessionAuthorization(CLUSTER_SECRET, session as SessionId, expiresAtMs));
    const own = as(77);
    const other = as(78);
    expect(await codeOf(bench.clock.run(own.call('StorageNode.PutChunk', putOf(2, 10))))).toBe('no error');
    expect(await codeOf(bench.clock.run(other.call('StorageNode.PutChunk', putOf(3, 10))))).toBe('PERMISSION_DENIED');
    const request = { volumeId: VOLUME, chunkId: idOf(1), offset: 0, length: 10 };
    expect((await bench.clock.run(other.call('StorageNode.GetChunk', request))).payload.length).toBe(10);
  });

  it('refuses malformed requests', async () => {
    const change = (fields: object) => codeOf(put(1, 10, fields));
    expect(await change({ chunkId: 'x' })).toBe('INVALID_ARGUMENT');
    expect(await change({ versionId: '' })).toBe('INVALID_ARGUMENT');
    expect(await change({ chunkIndex: -1 })).toBe('INVALID_ARGUMENT');
    expect(await change({ generation: 2 ** 32 })).toBe('INVALID_ARGUMENT');
    expect(await codeOf(put(1, LIMITS.chunkBytesMax + 1))).toBe('MESSAGE_TOO_LARGE');
    expect(bench.errors).toEqual([]);
  });

  it('takes the largest chunk', async () => {
    await put(1, LIMITS.chunkBytesMax);
    const last = LIMITS.chunkBytesMax - LIMITS.blockBytes;
    expectBlocks(await get(1, last, 1), {
      number: 1,
      bytes: LIMITS.chunkBytesMax,
      from: last,
      to: LIMITS.chunkBytesMax,
    });
  });
});

describe('a node that is nearly full', () => {
  it('takes no chunks, gives those it has, and still deletes and seals', async () => {
    bench = new NodeBench();
    await bench.startWithVolume({ capacity: '1MiB', volumeSize: '1MiB' });
    for (let number = 1; number <= 9; number++) await put(number, 100 * KIB);
    expect(await codeOf(put(10, 100 * KIB))).toBe('DISK_FULL');
    await put(11, 65 * KIB);
    await bench.clock.advance(4000);
    expect(bench.leader.heartbeats.at(-1)).toMatchObject({ readOnly: true, capacityBytes: MIB });
    expect(await codeOf(put(12, 20 * KIB))).toBe('DISK_FULL');
    expect((await get(1, 0, 1)).chunkBytes).toBe(100 * KIB);
    await bench.call('StorageNode.DeleteChunks', { epoch: 5, volumeId: VOLUME, chunkIds: [idOf(1)] });
    const { volume } = await bench.call('StorageNode.SealVolume', { epoch: 5, volumeId: VOLUME, generation: 1 });
    expect(volume).toMatchObject({ state: 'sealed', tombstones: 1 });
  });

  it('says so in its heartbeat when the file system is nearly full', async () => {
    bench.disk.capacityBytes = 100 * MIB;
    await bench.clock.advance(4000);
    expect(bench.leader.heartbeats.at(-1)).toMatchObject({ readOnly: false });
    await put(1, 4 * MIB);
    bench.disk.capacityBytes = 4.2 * MIB;
    await bench.clock.advance(4000);
    expect(bench.leader.heartbeats.at(-1)).toMatchObject({ readOnly: true });
    expect(await codeOf(put(2, 10))).toBe('DISK_FULL');
    const create = { epoch: 5, volumeId: 2 as VolumeId, generation: 1 };
    expect(await codeOf(bench.call('StorageNode.CreateVolume', create))).toBe('DISK_FULL');
    bench.disk.capacityBytes = 100 * MIB;
    await bench.clock.advance(4000);
    expect(await codeOf(put(2, 10))).toBe('no error');
  });
});

describe('commands of a leader', () => {
  const commands = {
    CreateVolume: (epoch: number) =>
      bench.call('StorageNode.CreateVolume', { epoch, volumeId: 2 as VolumeId, generation: 1 }),
    SealVolume: (epoch: number) => bench.call('StorageNode.SealVolume', { epoch, volumeId: VOLUME, generation: 1 }),
    DeleteChunks: (epoch: number) =>
      bench.call('StorageNode.DeleteChunks', { epoch, volumeId: VOLUME, chunkIds: [idOf(1)] }),
  };

  it.each(Object.keys(commands) as (keyof typeof commands)[])(
    '%s is refused once a newer leader has spoken, also after a restart',
    async (name) => {
      await bench.call('StorageNode.CreateVolume', { epoch: 9, volumeId: VOLUME, generation: 1 });
      expect(await codeOf(commands[name](8))).toBe('EPOCH_STALE');
      bench.leader.epoch = 9;
      await bench.restart();
      expect(await codeOf(commands[name](8))).toBe('EPOCH_STALE');
      expect(await codeOf(commands[name](9))).toBe('no error');
    },
  );

  it('are refused to a session', async () => {
    const authorization = () => sessionAuthorization(CLUSTER_SECRET, 77 as SessionId, bench.clock.now() + 60_000);
    const request = { epoch: 5, volumeId: VOLUME, chunkIds: [] };
    const calling = bench.connect(authorization).call('StorageNode.DeleteChunks', request);
    expect(await codeOf(bench.clock.run(calling))).toBe('PERMISSION_DENIED');
  });
});

it('a node whose process was killed gives back all it had acknowledged', async () => {
  const numbers = Array.from({ length: 200 }, (_, at) => at + 1);
  const channel = bench.connect();
  await bench.clock.run(Promise.all(numbers.map((number) => channel.call('StorageNode.PutChunk', putOf(number, 500)))));
  await bench.restart();
  for (const number of numbers) {
    expect(Buffer.compare((await get(number, 0, 500)).payload, payloadOf(number, 500))).toBe(0);
  }
});

it('a node that stops writes what it knows into the index, and frees its folder', async () => {
  await put(1, 500);
  await bench.clock.run(bench.node.close());
  expect(bench.store.checkpoints.get(VOLUME)?.liveChunks).toBe(1);
  await bench.start();
  await bench.ready();
  expect((await get(1, 0, 500)).chunkBytes).toBe(500);
});
