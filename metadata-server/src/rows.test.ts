import type { NodeId } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { rows } from './rows.ts';

const AT_MS = 1_700_000_000_000;

const object = {
  ...{ versionSession: 258, versionCounter: 7, bytes: 300, etag: 'e1', lastModifiedMs: AT_MS },
  headers: [{ name: 'content-type', value: 'a/b' }],
  userMetadata: [{ name: '__proto__', value: 'ü' }],
  chunks: [{ volumeId: 9, session: 258, counter: 6, bytes: 300 }],
};
const node = {
  ...{ incarnation: 2, confirmedIncarnation: 1, capacityBytes: 1000 },
  endpoint: { grpc: 'h:1', bulk: 'h:2', grpcSocket: '/g', bulkSocket: '/b', hostId: 'id' },
  domain: { zone: 'z', rack: 'r', host: 'h' },
};
const volume = { state: 'sealed', generation: 2, nodeIds: ['n1', 'n2'] as NodeId[], createdMs: 5 } as const;

/** Every row as format version 1 writes it. Bytes that change here are a change of the format. */
const GOLDEN: [keyof typeof rows, object, string][] = [
  ['cluster', { clusterId: 'c1', formatVersion: 1, createdMs: AT_MS }, '0a02633110011880d095ffbc31'],
  ['counter', { last: 2 ** 53 - 1 }, '08ffffffffffffff0f'],
  ['bucket', { id: 3, createdMs: AT_MS }, '08031080d095ffbc31'],
  [
    'object',
    object,
    '088202100718ac02220265312880d095ffbc3132130a0c636f6e74656e742d747970651203612f62' +
      '3a0f0a095f5f70726f746f5f5f1202c3bc420a0809108202180620ac02',
  ],
  ['reference', { bucketId: 3, key: 'a/ü' }, '08031204612fc3bc'],
  ['garbage', { bytes: 300, queuedAtMs: AT_MS }, '08ac021080d095ffbc31'],
  ['session', { openedMs: AT_MS, settledCounter: 5 }, '0880d095ffbc311005'],
  [
    'commitResult',
    { lastModifiedMs: AT_MS, existed: true, refusalCode: 'OBJECT_KEY_INVALID', refusalMessage: 'x' },
    '0880d095ffbc3110011a124f424a4543545f4b45595f494e56414c4944220178',
  ],
  ['volume', volume, '0a067365616c656410021a026e311a026e322005'],
  ['node', node, '080210011a160a03683a311203683a321a022f6722022f622a02696422090a017a1201721a016828e807'],
];

describe('rows', () => {
  it.each(GOLDEN)('of the table %s are the golden bytes, both ways', (name, row, golden) => {
    expect(Buffer.from(rows[name].encode(row as never)).toString('hex')).toBe(golden);
    expect(rows[name].decode(Buffer.from(golden, 'hex'))).toEqual(row);
  });

  it('of objects are read by listings without their chunks', () => {
    const summary = rows.objectSummary.decode(rows.object.encode(object));
    expect(summary).toEqual({ bytes: 300, etag: 'e1', lastModifiedMs: AT_MS });
  });

  it('may have a field that a later version added', () => {
    const later = Buffer.concat([rows.counter.encode({ last: 7 }), Buffer.from([0x7a, 0x01, 0x78])]);
    expect(rows.counter.decode(later)).toEqual({ last: 7 });
  });

  it('of a commit that took effect hold no refusal', () => {
    const bytes = rows.commitResult.encode({ lastModifiedMs: AT_MS, existed: true });
    expect(Buffer.from(bytes).toString('hex')).toBe('0880d095ffbc311001');
    expect(rows.commitResult.decode(bytes).refusalCode).toBe('');
  });
});
