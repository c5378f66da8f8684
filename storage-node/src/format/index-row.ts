/**
 * Rows of the chunk index: pure encoding and decoding (docs/formats.md, "Chunk index"). Volume ids start at 1, so keys that start with
 * four zero bytes are the index's own. The index can be rebuilt, so a new version needs no migration: it is built anew.
 */
import type { ChunkId, ReplicaState, VolumeId } from '@cairn/core';
import { encodeKey, KEY_BYTES } from './record.ts';

export const INDEX_VERSION = 1;

const KINDS = ['chunk', 'tombstone', 'damaged'] as const;
const STATES = ['open', 'sealed', 'failed'] as const satisfies readonly ReplicaState[];

interface Entry {
  kind: (typeof KINDS)[number];
  offset: number;
  payloadBytes: number;
}

export const ENTRY_BYTES = 16;

/** offset 8, payload length 4, kind 1, zero 3. */
export function encodeEntry(into: Buffer, at: number, entry: Entry): void {
  into.writeBigUInt64BE(BigInt(entry.offset), at);
  into.writeUInt32BE(entry.payloadBytes, at + 8);
  into.writeUInt32BE(KINDS.indexOf(entry.kind) << 24, at + 12);
}

/** undefined when the bytes are no entry. */
export function decodeEntry(bytes: Buffer): Entry | undefined {
  const kind = bytes.length === ENTRY_BYTES ? KINDS[bytes[12] as number] : undefined;
  if (kind === undefined) return undefined;
  return { kind, offset: Number(bytes.readBigUInt64BE(0)), payloadBytes: bytes.readUInt32BE(8) };
}

export function chunkKey(volumeId: VolumeId, chunkId: ChunkId): Buffer {
  const key = Buffer.allocUnsafe(KEY_BYTES);
  encodeKey(key, 0, volumeId, chunkId);
  return key;
}

/** All chunk keys of a volume: from the first of these on, before the second. */
export function chunkKeyRange(volumeId: VolumeId): { gte: Buffer; lt: Buffer } {
  const gte = Buffer.alloc(4);
  gte.writeUInt32BE(volumeId);
  const lt = Buffer.alloc(KEY_BYTES + 1, 0xff);
  lt.writeUInt32BE(volumeId);
  return { gte, lt };
}

/** The index's own rows by letter: `b` batches, `c` checkpoints, `d` damage was found, `v` version. */
export function ownKey(letter: 'b' | 'c' | 'd' | 'v', number = 0): Buffer {
  const key = Buffer.alloc(13);
  key[4] = letter.charCodeAt(0);
  key.writeBigUInt64BE(BigInt(number), 5);
  return key;
}

export function ownKeyRange(letter: 'b' | 'c'): { gte: Buffer; lt: Buffer } {
  return { gte: ownKey(letter), lt: Buffer.from([0, 0, 0, 0, letter.charCodeAt(0) + 1]) };
}

export function ownKeyNumber(key: Buffer): number {
  return Number(key.readBigUInt64BE(5));
}

interface CheckpointRow {
  offset: number;
  generation: number;
  state: ReplicaState;
  liveChunks: number;
  liveBytes: number;
  tombstones: number;
  damagedChunks: number;
  digest: bigint;
}

/** Eight numbers of 8 bytes, in this order: offset, generation, state, live chunks, live bytes, tombstones, damaged chunks, digest. */
export function encodeCheckpoint(row: CheckpointRow): Buffer {
  const numbers = [row.offset, row.generation, STATES.indexOf(row.state), row.liveChunks, row.liveBytes];
  const all = [...numbers, row.tombstones, row.damagedChunks].map(BigInt);
  const bytes = Buffer.alloc(64);
  for (const [place, number] of [...all, row.digest].entries()) bytes.writeBigUInt64BE(number, place * 8);
  return bytes;
}

/** undefined when the bytes are no checkpoint. */
export function decodeCheckpoint(bytes: Buffer): CheckpointRow | undefined {
  if (bytes.length !== 64) return undefined;
  const number = (place: number) => Number(bytes.readBigUInt64BE(place * 8));
  const state = STATES[number(2)];
  if (state === undefined) return undefined;
  return {
    offset: number(0),
    generation: number(1),
    state,
    liveChunks: number(3),
    liveBytes: number(4),
    tombstones: number(5),
    damagedChunks: number(6),
    digest: bytes.readBigUInt64BE(56),
  };
}

/** A batch row: the lowest batch number that is still kept, then the bytes of this batch. */
export function encodeBatchRow(row: { lowest: number; bytes: number }): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64BE(BigInt(row.lowest), 0);
  bytes.writeBigUInt64BE(BigInt(row.bytes), 8);
  return bytes;
}

export function decodeBatchRow(bytes: Buffer): { lowest: number; bytes: number } {
  return { lowest: Number(bytes.readBigUInt64BE(0)), bytes: Number(bytes.readBigUInt64BE(8)) };
}
