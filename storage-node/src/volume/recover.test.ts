/** What a crash or a bad disk leaves, and what is made of it. Power is cut at every single change that a load makes. */
import { type ChunkId, type VolumeId, versionId } from '@cairn/core';
import { MemoryDisk, SeededRandom } from '@cairn/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { encodeHead, headBytes, recordBytes } from '../format/record.ts';
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

/** Overwrites bytes of the volume's file, durably. */
async function overwrite(bench: VolumeBench, position: number, bytes: Uint8Array): Promise<void> {
  const file = await bench.disk.open(VOLUME_FILE);
  await file.write([bytes], position);
  await file.sync();
  await file.close();
}

async function cutFile(bench: VolumeBench, bytes: number): Promise<void> {
  const file = await bench.disk.open(VOLUME_FILE);
  await file.truncate(bytes);
  await file.sync();
  await file.close();
}

interface Outcome {
  stored: Set<number>;
  deleted: Set<number>;
  /** Deletes that were not answered: either outcome is right. */
  unsure: Set<number>;
}

/** Puts and deletes in waves, so that batches of one and of many records are in flight, until the disk fails. */
async function load(bench: VolumeBench): Promise<Outcome> {
  const outcome: Outcome = { stored: new Set(), deleted: new Set(), unsure: new Set() };
  try {
    const volume = await bench.openWithVolume();
    const put = async (number: number, bytes: number) => {
      await volume.put(putOf(number, bytes));
      outcome.stored.add(number);
    };
    const remove = async (number: number) => {
      outcome.unsure.add(number);
      await volume.delete([idOf(number)]);
      outcome.unsure.delete(number);
      outcome.deleted.add(number);
    };
    await put(1, 3 * KIB);
    await Promise.all([put(2, 10), put(3, 70 * KIB), put(4, 5 * KIB), put(5, 0)]);
    await bench.writeIndex();
    await Promise.all([put(6, 700), put(7, 9 * KIB), remove(2), put(8, 130 * KIB)]);
    await Promise.all([remove(1), put(9, 1)]);
    await bench.writeIndex();
    await put(10, 6 * KIB);
    await Promise.all([put(11, 6 * KIB), put(12, 6 * KIB), put(13, 6 * KIB), remove(10)]);
  } catch {
    // The power is off: what was answered until now is what counts.
  }
  await Promise.resolve();
  return outcome;
}

/** Acknowledged chunks verify, deleted ones are gone, the rest is there whole or not at all, and the totals add up. */
async function judge(volume: Volume | undefined, outcome: Outcome): Promise<void> {
  const live: number[] = [];
  for (let number = 1; number <= 13; number++) {
    const read = volume === undefined ? 'CHUNK_NOT_FOUND' : await codeOf(readChunk(volume, idOf(number)));
    if (read === 'no error') live.push(number);
    else expect(read, `chunk ${number}`).toBe('CHUNK_NOT_FOUND');
    if (outcome.deleted.has(number)) expect(read, `deleted chunk ${number}`).toBe('CHUNK_NOT_FOUND');
    else if (outcome.stored.has(number) && !outcome.unsure.has(number))
      expect(read, `chunk ${number}`).toBe('no error');
  }
  if (volume === undefined) return;
  expect(volume.report()).toMatchObject({ liveChunks: live.length, damagedChunks: 0, state: 'open' });
}

async function reopen(bench: VolumeBench): Promise<Volume | undefined> {
  return (await bench.open()).find(VOLUME);
}

describe('a power cut', () => {
  const cases = [
    { name: 'that keeps only what was synced', torn: false, indexWritesLost: 0 },
    { name: 'that takes the last index write as well', torn: false, indexWritesLost: 1 },
    { name: 'that takes the whole index as well', torn: false, indexWritesLost: 64 },
    { name: 'that keeps any part of what was not synced', torn: true, indexWritesLost: 0 },
    { name: 'that tears writes and takes the whole index', torn: true, indexWritesLost: 64 },
  ];

  it.each(cases)('$name, at any change, loses nothing acknowledged', async ({ torn, indexWritesLost }) => {
    let cuts = 0;
    for (let round = 0; round < (torn ? 8 : 1); round++) {
      for (let change = 1; ; change++) {
        const bench = new VolumeBench({ disk: new MemoryDisk({ random: new SeededRandom(`${round}/${change}`) }) });
        bench.disk.powerCutAtChange(change, { torn });
        const outcome = await load(bench);
        if (!bench.disk.isOff) break;
        cuts += 1;
        bench.powerCut({ indexWritesLost });
        const volume = await reopen(bench);
        await judge(volume, outcome);
        // Recovery leaves a log that needs none: neither its own records nor later ones make it look damaged.
        if (volume !== undefined) await volume.put(putOf(20, 5 * KIB));
        bench.powerCut({ indexWritesLost: 64 });
        const again = await reopen(bench);
        if (volume !== undefined) expect(again?.report(), `cut at ${change}`).toEqual(volume.report());
      }
    }
    expect(cuts).toBeGreaterThan(15);
  });

  it('during recovery changes nothing about its outcome', async () => {
    for (let change = 1; ; change++) {
      const bench = new VolumeBench({ disk: new MemoryDisk({ random: new SeededRandom(change) }) });
      bench.disk.powerCutAtChange(20, { torn: true });
      const outcome = await load(bench);
      bench.powerCut();
      bench.disk.powerCutAtChange(change, { torn: true });
      await reopen(bench).catch(() => undefined);
      const wasCut = bench.disk.isOff;
      bench.powerCut();
      await judge(await reopen(bench), outcome);
      if (!wasCut) break;
      expect(change).toBeLessThan(20);
    }
  });
});

describe('a killed process', () => {
  it('finds after its restart what it had answered, whatever the index knew', async () => {
    for (const indexWritesLost of [0, 1, 64]) {
      const bench = new VolumeBench();
      const outcome = await load(bench);
      await judge(await bench.reopened({ indexWritesLost }), outcome);
    }
  });

  it('makes durable what it finds before it relies on it', async () => {
    const bench = new VolumeBench();
    const volume = await bench.openWithVolume();
    await volume.put(putOf(1, 100));
    // Written and not synced when the process is killed.
    const file = await bench.disk.open(VOLUME_FILE);
    const next = volume.logBytes;
    const { payload, ...rest } = putOf(2, 100);
    const bytes = Buffer.alloc(recordBytes('chunk', 100));
    encodeHead(bytes, 0, { ...rest, type: 'chunk', payloadBytes: 100, offset: next, durable: next });
    bytes.set(payload, headBytes('chunk', 100));
    await file.write([bytes], next);
    const found = await bench.reopened();
    expect(found.report().liveChunks).toBe(2);
    bench.powerCut();
    expect((await reopen(bench))?.report().liveChunks).toBe(2);
  });
});

describe('recovery', () => {
  let bench: VolumeBench;
  let volume: Volume;

  beforeEach(async () => {
    bench = new VolumeBench();
    volume = await bench.openWithVolume();
    for (const number of [1, 2, 3]) await volume.put(putOf(number, 5 * KIB));
  });

  it.each([
    ['zeros', Buffer.alloc(10_000)],
    ['noise', payloadOf(99, 10_000)],
    ['half a record', Buffer.alloc(50, 0x8f)],
  ])('cuts off %s behind the last record', async (_name, junk) => {
    const before = volume.report();
    await overwrite(bench, volume.logBytes, junk);
    volume = await bench.reopened();
    expect(volume.report()).toEqual(before);
    expect(await bench.fileBytes()).toBe(before.logBytes);
  });

  it('cuts off a last record that is truncated or does not verify', async () => {
    const third = volume.locate(idOf(3)).offset;
    await cutFile(bench, volume.logBytes - 1);
    volume = await bench.reopened();
    expect(volume.report()).toMatchObject({ liveChunks: 2, damagedChunks: 0, logBytes: third });
    await volume.put(putOf(3, 5 * KIB));
    bench.disk.flipBit(VOLUME_FILE, volume.logBytes - 1);
    volume = await bench.reopened();
    expect(volume.report()).toMatchObject({ liveChunks: 2, damagedChunks: 0, logBytes: third });
  });

  it('keeps and counts a record whose head is damaged when later ones show that it had been synced', async () => {
    bench.disk.flipBit(VOLUME_FILE, volume.locate(idOf(2)).offset + 13);
    const { logBytes } = volume;
    volume = await bench.reopened();
    expect(volume.report()).toMatchObject({ liveChunks: 2, damagedChunks: 1, state: 'open', logBytes });
    expect(await codeOf(readChunk(volume, idOf(2)))).toBe('CHUNK_NOT_FOUND');
    expect((await readChunk(volume, idOf(3))).equals(payloadOf(3, 5 * KIB))).toBe(true);
  });

  it('keeps, counts and does not serve a chunk whose payload is damaged', async () => {
    await bench.writeIndex();
    await volume.put(putOf(4, 5 * KIB));
    await volume.put(putOf(5, 5 * KIB));
    bench.disk.flipBit(VOLUME_FILE, volume.locate(idOf(4)).offset + 1000);
    volume = await bench.reopened();
    expect(volume.report()).toMatchObject({ liveChunks: 4, damagedChunks: 1 });
    expect(await codeOf(readChunk(volume, idOf(4)))).toBe('CHUNK_CORRUPT');
    await volume.put(putOf(4, 5 * KIB));
    expect(volume.report()).toMatchObject({ liveChunks: 5, damagedChunks: 0 });
  });

  it('counts damage at the end when the index knows that it had been synced', async () => {
    await bench.writeIndex();
    await cutFile(bench, volume.logBytes - 1);
    volume = await bench.reopened();
    expect(volume.report()).toMatchObject({ state: 'failed', liveChunks: 2 });
    expect(volume.report().damagedChunks).toBeGreaterThan(0);
    expect((await readChunk(volume, idOf(1))).equals(payloadOf(1, 5 * KIB))).toBe(true);
    expect(await codeOf(volume.put(putOf(9, 1)))).toBe('VOLUME_FAILED');
  });

  it('builds the same index from the log when there is none', async () => {
    await volume.delete([idOf(2), idOf(8)]);
    await volume.seal(2);
    await bench.writeIndex();
    const before = volume.report();
    bench.store.wipe();
    volume = await bench.reopened();
    expect(volume.report()).toEqual(before);
    expect((await readChunk(volume, idOf(3))).equals(payloadOf(3, 5 * KIB))).toBe(true);
    expect(await codeOf(readChunk(volume, idOf(2)))).toBe('CHUNK_NOT_FOUND');
  });

  it('does not let a put that lies behind a tombstone in the log bring the chunk back', async () => {
    await volume.delete([idOf(1)]);
    const { payload, ...rest } = putOf(1, 10);
    const bytes = Buffer.alloc(recordBytes('chunk', 10));
    encodeHead(bytes, 0, { ...rest, type: 'chunk', payloadBytes: 10, offset: volume.logBytes, durable: 88 });
    bytes.set(payload, headBytes('chunk', 10));
    await overwrite(bench, volume.logBytes, bytes);
    volume = await bench.reopened({ indexWritesLost: 64 });
    expect(await codeOf(readChunk(volume, idOf(1)))).toBe('CHUNK_NOT_FOUND');
    expect(volume.report()).toMatchObject({ liveChunks: 2, tombstones: 1 });
  });

  it('takes no records out of a payload, not even from a copy of this very log', async () => {
    const file = await bench.disk.readFile(VOLUME_FILE);
    const copy = Buffer.from(file ?? []);
    await volume.put(putOf(4, 0, { payload: copy, blockChecksums: putOf(4, 0, { payload: copy }).blockChecksums }));
    await volume.put(putOf(5, 10));
    bench.disk.flipBit(VOLUME_FILE, volume.locate(idOf(4)).offset);
    volume = await bench.reopened({ indexWritesLost: 64 });
    expect(volume.report()).toMatchObject({ liveChunks: 4, damagedChunks: 1 });
    for (const number of [1, 2, 3]) expect(volume.locate(idOf(number)).offset).toBeLessThan(copy.length);
  });

  it('does not take a valid record for another chunk that was copied over it', async () => {
    const [one, two] = [1, 2].map((number) => volume.locate(idOf(number)).offset) as [number, number];
    const file = Buffer.from((await bench.disk.readFile(VOLUME_FILE)) ?? []);
    await overwrite(bench, two, file.subarray(one, two));
    volume = await bench.reopened({ indexWritesLost: 64 });
    expect(await codeOf(readChunk(volume, idOf(2)))).toBe('CHUNK_NOT_FOUND');
    expect((await readChunk(volume, idOf(1))).equals(payloadOf(1, 5 * KIB))).toBe(true);
    expect(volume.report()).toMatchObject({ liveChunks: 2, damagedChunks: 1 });
  });

  it('leaves a file alone in which nothing can be read', async () => {
    const zeros = Buffer.alloc(volume.logBytes);
    await overwrite(bench, 0, zeros);
    bench.store.wipe();
    volume = await bench.reopened();
    expect(volume.report()).toMatchObject({ state: 'failed', liveChunks: 0, damagedChunks: 1 });
    expect(await bench.fileBytes()).toBe(zeros.length);
    expect(await codeOf(volume.put(putOf(9, 1)))).toBe('VOLUME_FAILED');
  });

  it('finds the rest when the first record is damaged', async () => {
    bench.disk.flipBit(VOLUME_FILE, 3);
    volume = await bench.reopened({ indexWritesLost: 64 });
    expect(volume.report()).toMatchObject({ state: 'open', generation: 1, liveChunks: 3, damagedChunks: 1 });
  });

  it('forgets a volume whose file somebody has removed', async () => {
    await bench.writeIndex();
    bench.kill();
    await bench.disk.remove(VOLUME_FILE);
    const volumes = await bench.open();
    expect(volumes.find(VOLUME)).toBeUndefined();
    await volumes.create(VOLUME, 4);
    expect(await codeOf(readChunk(volumes.get(VOLUME), idOf(1)))).toBe('CHUNK_NOT_FOUND');
  });

  it('reads 10,000 small chunks from the checkpoint on without touching what lies before it', async () => {
    const numbers = Array.from({ length: 10_000 }, (_, at) => at + 100);
    await Promise.all(numbers.map((number) => volume.put(putOf(number, 200))));
    await bench.writeIndex();
    const before = volume.report();
    bench.kill();
    bench.disk.failReads(VOLUME_FILE);
    const volumes = await bench.open();
    expect(volumes.get(VOLUME).report()).toEqual(before);
    bench.disk.heal();
    bench.store.wipe();
    expect((await bench.reopened()).report()).toEqual(before);
  });

  it('counts each deletion once when entries are spilled during a rebuild', async () => {
    const numbers = Array.from({ length: 9000 }, (_, at) => at + 100);
    await Promise.all(numbers.map((number) => volume.put(putOf(number, 1))));
    await volume.delete(numbers.slice(0, 8500).map(idOf) as ChunkId[]);
    const before = volume.report();
    bench.store.wipe();
    expect((await bench.reopened()).report()).toEqual(before);
  });
});

it('a volume file of another volume is no replica', async () => {
  const bench = new VolumeBench();
  const volume = await bench.openWithVolume();
  await volume.put(putOf(1, 10 * KIB, { versionId: versionId(77 as never, 1) }));
  bench.kill();
  await bench.disk.rename(VOLUME_FILE, '/data/volumes/00000002.vol');
  const volumes = await bench.open();
  expect(volumes.get(2 as VolumeId).report()).toMatchObject({ state: 'failed', liveChunks: 0, damagedChunks: 1 });
});
