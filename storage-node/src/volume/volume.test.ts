/** One replica: what it takes, what it gives back, what it refuses. */
import type { VolumeId } from '@cairn/core';
import { setDigestTerm } from '@cairn/core';
import { MemoryDisk } from '@cairn/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  codeOf,
  idOf,
  payloadOf,
  putOf,
  readChunk,
  VOLUME,
  VOLUME_FILE,
  VolumeBench,
} from '../testing/volume-bench.ts';
import type { Volume } from './volume.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

let bench: VolumeBench;
let volume: Volume;

beforeEach(async () => {
  bench = new VolumeBench();
  volume = await bench.openWithVolume();
});

const put = async (...args: Parameters<typeof putOf>) => volume.put(putOf(...args));

describe('a replica', () => {
  it.each([0, 1, 4 * KIB, 64 * KIB, 64 * KIB + 1, 9 * MIB])('gives a chunk of %i bytes back', async (bytes) => {
    await put(1, bytes);
    expect((await readChunk(volume, idOf(1))).equals(payloadOf(1, bytes))).toBe(true);
    await bench.writeIndex();
    expect((await readChunk(volume, idOf(1))).equals(payloadOf(1, bytes))).toBe(true);
  });

  it('does not show a chunk before it is durable', async () => {
    const putting = put(1, 100);
    expect(() => volume.locate(idOf(1))).toThrow(expect.objectContaining({ code: 'CHUNK_NOT_FOUND' }));
    await putting;
    expect(volume.locate(idOf(1)).payloadBytes).toBe(100);
  });

  it('reports what it holds', async () => {
    await Promise.all([put(1, 100), put(2, 200), put(3, 300)]);
    await volume.delete([idOf(2), idOf(9)]);
    const digest = BigInt.asUintN(64, setDigestTerm(idOf(1)) + setDigestTerm(idOf(3)));
    expect(volume.report()).toEqual({
      volumeId: VOLUME,
      generation: 1,
      state: 'open',
      logBytes: await bench.fileBytes(),
      liveBytes: 400,
      liveChunks: 2,
      tombstones: 2,
      digest: digest.toString(16).padStart(16, '0'),
      damagedChunks: 0,
    });
  });

  it('has the same digest as a replica that took the same chunks in another order', async () => {
    const other = await new VolumeBench().openWithVolume();
    for (const number of [1, 2, 3]) await put(number, 10);
    for (const number of [4, 3, 1, 2]) await other.put(putOf(number, 10));
    await other.delete([idOf(4)]);
    expect(other.report().digest).toBe(volume.report().digest);
  });

  it('takes a chunk again that it holds with the same bytes, and appends nothing', async () => {
    await put(1, 100 * KIB);
    const { logBytes } = volume;
    await put(1, 100 * KIB);
    await bench.writeIndex();
    await put(1, 100 * KIB);
    expect(volume.logBytes).toBe(logBytes);
    expect(volume.report().liveChunks).toBe(1);
  });

  it('answers a repeated put when the first one is durable, and not before', async () => {
    const order: string[] = [];
    const first = put(1, 10).then(() => order.push('first'));
    const again = put(1, 10).then(() => order.push('again'));
    await Promise.all([first, again]);
    expect(order).toEqual(['first', 'again']);
    expect(bench.syncs).toBe(1);
  });

  it('refuses other bytes for a chunk that it holds', async () => {
    await put(1, 100);
    expect(await codeOf(put(1, 101))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(put(1, 100, { payload: payloadOf(2, 100) }))).toBe('INVALID_ARGUMENT');
    expect((await readChunk(volume, idOf(1))).equals(payloadOf(1, 100))).toBe(true);
  });

  it('lets a tombstone win over the chunk and over every later put', async () => {
    await put(1, 100);
    await volume.delete([idOf(1), idOf(2)]);
    expect(() => volume.locate(idOf(1))).toThrow(expect.objectContaining({ code: 'CHUNK_NOT_FOUND' }));
    expect(await codeOf(put(1, 100))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(put(2, 100))).toBe('INVALID_ARGUMENT');
    expect(volume.report()).toMatchObject({ liveChunks: 0, liveBytes: 0, tombstones: 2, digest: '0'.repeat(16) });
  });

  it('counts right when a chunk is deleted while its put is under way', async () => {
    await Promise.all([put(1, 100), volume.delete([idOf(1)]), volume.delete([idOf(1)])]);
    expect(volume.report()).toMatchObject({ liveChunks: 0, liveBytes: 0, tombstones: 1, digest: '0'.repeat(16) });
  });

  it('takes nothing but tombstones once it is sealed, also after a restart', async () => {
    await put(1, 100);
    const late = put(2, 100);
    const sealing = volume.seal(2);
    expect(await codeOf(put(3, 100, { generation: 2 }))).toBe('VOLUME_SEALED');
    await Promise.all([late, sealing]);
    for (const restart of [false, true]) {
      if (restart) volume = await bench.reopened();
      expect(volume.report()).toMatchObject({ state: 'sealed', generation: 2 });
      expect(await codeOf(put(4, 100, { generation: 2 }))).toBe('VOLUME_SEALED');
      expect(await codeOf(put(1, 100, { generation: 2 }))).toBe('no error');
    }
    await volume.delete([idOf(2)]);
    expect(volume.report()).toMatchObject({ liveChunks: 1, tombstones: 1 });
  });

  it('refuses an older generation, also after a restart', async () => {
    await volume.raiseGeneration(5);
    for (const restart of [false, true]) {
      if (restart) volume = await bench.reopened();
      expect(await codeOf(put(1, 10, { generation: 4 }))).toBe('GENERATION_STALE');
      expect(await codeOf(volume.seal(4))).toBe('GENERATION_STALE');
    }
    await put(1, 10, { generation: 5 });
    await put(2, 10, { generation: 6 });
    expect(volume.report()).toMatchObject({ generation: 5, liveChunks: 2 });
  });

  it('is full at its size, but takes one chunk of any size when it is empty', async () => {
    bench = new VolumeBench({ volumeBytes: 1 * MIB });
    volume = await bench.openWithVolume();
    await put(1, 2 * MIB);
    expect(await codeOf(put(2, 1))).toBe('VOLUME_FULL');
    expect(await codeOf(put(1, 2 * MIB))).toBe('no error');
  });

  it('goes on reading when its disk has failed a sync, and takes nothing more, also after a restart', async () => {
    await put(1, 100);
    bench.disk.failNextSync(VOLUME_FILE);
    expect(await codeOf(put(2, 100))).toBe('VOLUME_FAILED');
    await bench.writeIndex();
    for (const restart of [false, true]) {
      if (restart) volume = await bench.reopened();
      expect(volume.report()).toMatchObject({ state: 'failed', liveChunks: 1 });
      expect(await codeOf(put(3, 100))).toBe('VOLUME_FAILED');
      expect(await codeOf(volume.delete([idOf(1)]))).toBe('VOLUME_FAILED');
      expect((await readChunk(volume, idOf(1))).equals(payloadOf(1, 100))).toBe(true);
    }
    await volume.seal(2);
    expect(volume.state).toBe('failed');
  });

  it('refuses chunks while the disk is full, and takes them again when there is room', async () => {
    bench = new VolumeBench({ disk: new MemoryDisk({ capacityBytes: 64 * KIB }) });
    volume = await bench.openWithVolume();
    await put(1, 30 * KIB);
    expect(await codeOf(put(2, 60 * KIB))).toBe('DISK_FULL');
    expect(() => volume.locate(idOf(2))).toThrow(expect.objectContaining({ code: 'CHUNK_NOT_FOUND' }));
    bench.disk.capacityBytes = MIB;
    await put(2, 60 * KIB);
    volume = await bench.reopened();
    expect(volume.report()).toMatchObject({ state: 'open', liveChunks: 2, damagedChunks: 0 });
  });

  it('does not serve a chunk whose head is damaged, and takes it again', async () => {
    await put(1, 100);
    await put(2, 100);
    const entry = volume.locate(idOf(1));
    bench.disk.flipBit(VOLUME_FILE, entry.offset + 60);
    await expect(readChunk(volume, idOf(1))).rejects.toThrow(/head/);
    expect(volume.markDamaged(idOf(1), entry)).toBe(true);
    expect(volume.markDamaged(idOf(1), entry)).toBe(false);
    expect(() => volume.locate(idOf(1))).toThrow(expect.objectContaining({ code: 'CHUNK_CORRUPT' }));
    expect(volume.report()).toMatchObject({ liveChunks: 1, damagedChunks: 1 });
    await bench.writeIndex();
    volume = await bench.reopened();
    expect(volume.report()).toMatchObject({ liveChunks: 1, damagedChunks: 1 });
    await put(1, 100);
    expect(volume.report()).toMatchObject({ liveChunks: 2, damagedChunks: 0 });
    expect((await readChunk(volume, idOf(1))).equals(payloadOf(1, 100))).toBe(true);
  });

  it('puts a damaged chunk back when the writer repeats it', async () => {
    await put(1, 100);
    bench.disk.flipBit(VOLUME_FILE, volume.locate(idOf(1)).offset + 20);
    await put(1, 100);
    expect(volume.report()).toMatchObject({ liveChunks: 1, damagedChunks: 0 });
    expect((await readChunk(volume, idOf(1))).equals(payloadOf(1, 100))).toBe(true);
  });
});

describe('the replicas of a node', () => {
  it('are made once, however often the leader asks', async () => {
    const volumes = await new VolumeBench().open();
    await Promise.all([volumes.create(VOLUME, 1), volumes.create(VOLUME, 1), volumes.create(VOLUME, 3)]);
    await volumes.create(VOLUME, 3);
    expect([volumes.count, volumes.get(VOLUME).generation]).toEqual([1, 3]);
    expect(await codeOf(volumes.create(VOLUME, 2))).toBe('GENERATION_STALE');
  });

  it('are not there when they were never made', async () => {
    const volumes = await new VolumeBench().open();
    expect(() => volumes.get(VOLUME)).toThrow(expect.objectContaining({ code: 'VOLUME_NOT_FOUND' }));
  });

  it('leave nothing behind when one cannot be made', async () => {
    const fresh = new VolumeBench();
    const volumes = await fresh.open();
    fresh.disk.failNextSync(VOLUME_FILE);
    expect(await codeOf(volumes.create(VOLUME, 1))).toBe('DISK_FAILED');
    expect(await fresh.disk.list('/data/volumes')).toEqual([]);
    await volumes.create(VOLUME, 1);
    await volumes.create(0xffff_ffff as VolumeId, 1);
    expect(await fresh.disk.list('/data/volumes')).toEqual(['00000001.vol', 'ffffffff.vol']);
  });
});
