/** Group commit: how many writes and syncs appends cost, and what a failing disk does to them. */
import { type CairnError, chunkId, type SessionId, type VolumeId } from '@cairn/core';
import { MemoryDisk, VirtualClock } from '@cairn/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { decodeHead, NO_VERSION, recordBytes } from '../format/record.ts';
import type { NewRecord } from './batch.ts';
import { Segments } from './segments.ts';
import { VolumeLog } from './volume-log.ts';
import { type Span, walk } from './walk.ts';

const volumeId = 3 as VolumeId;
const KIB = 1024;

let disk: MemoryDisk;
let log: VolumeLog;
let failures: string[];
let syncs: number[];

beforeEach(async () => {
  disk = new MemoryDisk();
  failures = [];
  syncs = [];
  log = new VolumeLog({
    file: await disk.open('/log', { create: true }),
    end: 0,
    clock: new VirtualClock(),
    segments: new Segments(),
    onSync: (_durationMs, records) => syncs.push(records),
    onFailure: (error) => failures.push(error.code),
  });
});

function recordOf(number: number, payload: Uint8Array): NewRecord {
  return {
    type: 'chunk',
    volumeId,
    chunkId: chunkId(1 as SessionId, number),
    versionId: NO_VERSION,
    chunkIndex: number,
    payloadBytes: payload.length,
    generation: 1,
    blockChecksums: Buffer.alloc(8 * Math.ceil(payload.length / (64 * KIB)), number),
  };
}

function append(number: number, bytes = 100): Promise<CairnError | undefined> {
  const payload = Buffer.alloc(bytes, number);
  return new Promise((resolve) => {
    log.append(recordOf(number, payload), payload, resolve);
  });
}

async function walked(): Promise<Span[]> {
  const spans: Span[] = [];
  const file = await disk.open('/log');
  for await (const span of walk({ file, volumeId, from: 0, fileBytes: await file.size() })) spans.push(span);
  return spans;
}

describe('a log', () => {
  it('writes and syncs the appends of one tick at once', async () => {
    const before = disk.changes;
    await Promise.all(Array.from({ length: 500 }, (_, number) => append(number)));
    expect(disk.changes - before).toBe(2);
    expect(syncs).toEqual([500]);
  });

  it('gathers while a batch is being synced, and then writes what gathered at once', async () => {
    const first = append(0);
    await Promise.resolve();
    const rest = Promise.all(Array.from({ length: 200 }, (_, number) => append(number + 1)));
    await first;
    await rest;
    expect(syncs).toEqual([1, 200]);
  });

  it('holds every record in the order of the appends, with its payload', async () => {
    const sizes = [0, 1, 64 * KIB, 64 * KIB + 1, 300 * KIB, 5, 200 * KIB, 64 * KIB];
    await Promise.all(sizes.map((bytes, number) => append(number, bytes)));
    await append(sizes.length, 10);
    const file = Buffer.from((await disk.readFile('/log')) ?? []);
    const spans = await walked();
    expect(spans.map((span) => span.kind)).toEqual(Array(sizes.length + 1).fill('record'));
    for (const [number, span] of spans.entries()) {
      if (span.kind !== 'record') continue;
      expect(span.head.chunkIndex).toBe(number);
      const payload = file.subarray(span.payloadStart, span.end);
      expect(Buffer.alloc(span.head.payloadBytes, number).equals(payload)).toBe(true);
    }
  });

  it('says in each record up to where it was durable before', async () => {
    await Promise.all([append(0), append(1)]);
    await append(2);
    const bytes = recordBytes('chunk', 100);
    const heads = (await walked()).map((span) => (span.kind === 'record' ? span.head : undefined));
    expect(heads.map((head) => [head?.offset, head?.durable])).toEqual([
      [0, 0],
      [bytes, 0],
      [2 * bytes, 2 * bytes],
    ]);
  });

  it('tells the appenders in the order of the log', async () => {
    const order: number[] = [];
    await Promise.all([3, 1, 2].map((number) => append(number).then(() => order.push(number))));
    expect(order).toEqual([3, 1, 2]);
  });

  it('fails for good when a sync fails, and cuts off what may never reach the disk', async () => {
    await append(0);
    const { durableEnd } = log;
    disk.failNextSync('/log');
    const [one, two] = await Promise.all([append(1), append(2)]);
    expect([one?.code, two?.code]).toEqual(['VOLUME_FAILED', 'VOLUME_FAILED']);
    expect(failures).toEqual(['VOLUME_FAILED']);
    expect(() => log.append(recordOf(3, Buffer.alloc(0)), Buffer.alloc(0), () => undefined)).toThrow(/sync/);
    expect((await disk.readFile('/log'))?.length).toBe(durableEnd);
  });

  it('fails what had gathered behind a failed sync as well, without writing it', async () => {
    disk.failNextSync('/log');
    const first = append(1);
    await Promise.resolve();
    const second = append(2);
    const before = disk.changes;
    expect([(await first)?.code, (await second)?.code]).toEqual(['VOLUME_FAILED', 'VOLUME_FAILED']);
    // The write, the failed sync and the cut.
    expect(disk.changes - before).toBeLessThanOrEqual(3);
    expect(failures).toEqual(['VOLUME_FAILED']);
  });

  it('fails for good when a write stops in its middle', async () => {
    await append(0);
    disk.tearNthWrite(1);
    expect((await append(1))?.code).toBe('VOLUME_FAILED');
    expect(await walked()).toHaveLength(1);
  });

  it('cuts off a write for which there was no room, and goes on when there is', async () => {
    await append(0);
    disk.capacityBytes = 4 * KIB;
    const [small, large] = await Promise.all([append(1), append(2, 100 * KIB)]);
    expect([small?.code, large?.code]).toEqual(['DISK_FULL', 'DISK_FULL']);
    expect(log.failure).toBeUndefined();
    disk.capacityBytes = 1024 * KIB;
    expect(await append(3)).toBeUndefined();
    const numbers = (await walked()).map((span) => (span.kind === 'record' ? span.head.chunkIndex : 'hole'));
    expect(numbers).toEqual([0, 3]);
  });

  it('ends what is queued when it is closed, takes no more, and has not failed', async () => {
    const queued = append(0);
    const closed = log.close();
    expect(() => log.append(recordOf(1, Buffer.alloc(0)), Buffer.alloc(0), () => undefined)).toThrow(/stopping/);
    expect(await queued).toBeUndefined();
    await closed;
    expect(() => log.append(recordOf(2, Buffer.alloc(0)), Buffer.alloc(0), () => undefined)).toThrow(/stopping/);
    expect(failures).toEqual([]);
  });

  it('has everything durable at a power cut that was called back before it', async () => {
    await disk.syncDirectory('/');
    await append(0);
    void append(1);
    disk.powerCut();
    const file = Buffer.from((await disk.readFile('/log')) ?? []);
    expect(file.length).toBe(recordBytes('chunk', 100));
    expect(decodeHead(file)?.chunkIndex).toBe(0);
  });
});
