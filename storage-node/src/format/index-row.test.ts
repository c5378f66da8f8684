/** Bytes of the chunk index as docs/formats.md gives them. */
import type { ChunkId, VolumeId } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import {
  chunkKey,
  chunkKeyRange,
  decodeBatchRow,
  decodeCheckpoint,
  decodeEntry,
  ENTRY_BYTES,
  encodeBatchRow,
  encodeCheckpoint,
  encodeEntry,
  ownKey,
  ownKeyNumber,
  ownKeyRange,
} from './index-row.ts';

const volume = (id: number) => id as VolumeId;
const lowest = '0'.repeat(32) as ChunkId;
const highest = 'f'.repeat(32) as ChunkId;

describe('rows of the index', () => {
  it('have the bytes that docs/formats.md says', () => {
    const entry = Buffer.alloc(ENTRY_BYTES);
    encodeEntry(entry, 0, { kind: 'damaged', offset: 0x1_0000_0058, payloadBytes: 0x1000 });
    expect(entry.toString('hex')).toBe(`0000000100000058${'00001000'}${'02'}000000`);
    expect(ownKey('c', 9).toString('hex')).toBe(`00000000${'63'}0000000000000009`);
    const checkpoint = encodeCheckpoint({
      offset: 1,
      generation: 2,
      state: 'sealed',
      liveChunks: 3,
      liveBytes: 4,
      tombstones: 5,
      damagedChunks: 6,
      digest: 0xfedc_ba98_7654_3210n,
    });
    const numbers = [1, 2, 1, 3, 4, 5, 6].map((number) => `00000000000000${number.toString(16).padStart(2, '0')}`);
    expect(checkpoint.toString('hex')).toBe(`${numbers.join('')}fedcba9876543210`);
  });

  it.each(['chunk', 'tombstone', 'damaged'] as const)('give a %s entry back', (kind) => {
    const entry = { kind, offset: Number.MAX_SAFE_INTEGER, payloadBytes: 0xffff_ffff };
    const bytes = Buffer.alloc(ENTRY_BYTES);
    encodeEntry(bytes, 0, entry);
    expect(decodeEntry(bytes)).toEqual(entry);
  });

  it.each(['open', 'sealed', 'failed'] as const)('give the checkpoint of an %s replica back', (state) => {
    const row = { offset: 2 ** 40, generation: 7, state, liveChunks: 1, liveBytes: 2 ** 41, tombstones: 2 };
    const checkpoint = { ...row, damagedChunks: 3, digest: 2n ** 64n - 1n };
    expect(decodeCheckpoint(encodeCheckpoint(checkpoint))).toEqual(checkpoint);
  });

  it('give a batch row and the number in its key back', () => {
    expect(decodeBatchRow(encodeBatchRow({ lowest: 2 ** 50, bytes: 77 }))).toEqual({ lowest: 2 ** 50, bytes: 77 });
    expect(ownKeyNumber(ownKey('b', 2 ** 50))).toBe(2 ** 50);
  });

  it('are unreadable when they have another length or an unknown number', () => {
    expect(decodeEntry(Buffer.alloc(15))).toBeUndefined();
    expect(decodeEntry(Buffer.alloc(ENTRY_BYTES, 3))).toBeUndefined();
    expect(decodeCheckpoint(Buffer.alloc(63))).toBeUndefined();
    expect(decodeCheckpoint(Buffer.alloc(64, 9))).toBeUndefined();
  });

  it('lie so that the range of a volume holds its keys and no other', () => {
    const { gte, lt } = chunkKeyRange(volume(5));
    const inside = (key: Buffer) => gte.compare(key) <= 0 && key.compare(lt) < 0;
    expect([lowest, highest].map((id) => inside(chunkKey(volume(5), id)))).toEqual([true, true]);
    expect([inside(chunkKey(volume(4), highest)), inside(chunkKey(volume(6), lowest))]).toEqual([false, false]);
    expect(inside(ownKey('c', 5))).toBe(false);
  });

  it('keep the letters of own keys apart', () => {
    const { gte, lt } = ownKeyRange('b');
    const inside = (key: Buffer) => gte.compare(key) <= 0 && key.compare(lt) < 0;
    expect([ownKey('b', 0), ownKey('b', 2 ** 52)].every(inside)).toBe(true);
    expect([ownKey('c', 0), ownKey('d'), ownKey('v')].some(inside)).toBe(false);
  });
});
