/** How entries get into the index: together, a little later, and again when it could not be written. */
import { silentLog } from '@cairn/core';
import { MemoryDisk, VirtualClock } from '@cairn/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { idOf, putOf, VOLUME } from '../testing/volume-bench.ts';
import type { Volume } from '../volume/volume.ts';
import { Volumes } from '../volume/volumes.ts';
import type { ChunkIndex, IndexUpdate } from './chunk-index.ts';
import { IndexWriter } from './index-writer.ts';
import { MemoryIndexStore } from './memory-index.ts';

let clock: VirtualClock;
let store: MemoryIndexStore;
let writer: IndexWriter;
let volume: Volume;
let writes: number[];
let broken: boolean;

beforeEach(async () => {
  clock = new VirtualClock();
  store = new MemoryIndexStore();
  writes = [];
  broken = false;
  const inner = store.open();
  const index: ChunkIndex = {
    get: (...place) => inner.get(...place),
    checkpoint: (id) => inner.checkpoint(id),
    volumes: () => inner.volumes(),
    clear: (id) => inner.clear(id),
    close: () => inner.close(),
    async write(updates: readonly IndexUpdate[]) {
      writes.push(updates.reduce((sum, update) => sum + update.entries.length, 0));
      if (broken) throw new Error('no space left on device');
      await inner.write(updates);
    },
  };
  writer = new IndexWriter({ index, clock, log: silentLog });
  const options = { folder: '/volumes', disk: new MemoryDisk(), clock, log: silentLog, index, writer };
  const volumes = await Volumes.open({ ...options, volumeBytes: 2 ** 30, onSync: () => undefined });
  await volumes.create(VOLUME, 1);
  volume = volumes.get(VOLUME);
});

const putMany = (from: number, count: number) =>
  Promise.all(Array.from({ length: count }, (_, at) => volume.put(putOf(from + at, 10))));

describe('the index writer', () => {
  it('gathers for a moment and writes once', async () => {
    await putMany(1, 20);
    await putMany(21, 20);
    expect([writes, writer.backlog]).toEqual([[], 40]);
    await clock.advance(60);
    expect([writes, writer.backlog]).toEqual([[40], 0]);
    expect(store.checkpoints.get(VOLUME)).toMatchObject({ offset: volume.logBytes, liveChunks: 40 });
    await clock.advance(1000);
    expect(writes).toEqual([40]);
  });

  it('writes at once when much has gathered', async () => {
    await putMany(1, 1100);
    await clock.advance(0);
    expect(writes).toEqual([1100]);
  });

  it('never writes a checkpoint that is ahead of its entries', async () => {
    for (let from = 1; from < 4000; from += 400) {
      await putMany(from, 400);
      const checkpoint = store.checkpoints.get(VOLUME);
      expect(store.entries.get(VOLUME)?.size ?? 0).toBe(checkpoint?.liveChunks ?? 0);
    }
    await writer.close();
    expect(store.entries.get(VOLUME)?.size).toBe(4000);
  });

  it('keeps what it could not write, says so, and tries again', async () => {
    broken = true;
    await putMany(1, 10);
    await clock.advance(60);
    expect(writer.failure?.code).toBe('DISK_FAILED');
    await volume.delete([idOf(1)]);
    await clock.advance(2000);
    expect(volume.locate(idOf(2)).kind).toBe('chunk');
    broken = false;
    await clock.advance(2000);
    expect([writer.failure, writer.backlog]).toEqual([undefined, 0]);
    expect(store.entries.get(VOLUME)?.size).toBe(10);
    expect(store.entries.get(VOLUME)?.get(idOf(1))?.kind).toBe('tombstone');
  });
});
