/**
 * The record of a volume's log: pure encoding and decoding of format version 1 (docs/formats.md, "Volume log"). Numbers are big
 * endian and frozen; a changed layout is a new version with its own branch in `headLength`.
 *
 *     0  8  magic
 *     8  1  format version         9  1  type                  10  2  flags, 0
 *    12  4  volume id             16 16  chunk id              32 16  owner: version id
 *    48  4  owner: chunk index    52  4  payload length        56  4  generation      60  4  reserved, 0
 *    64  8  offset of this record in its log
 *    72  8  durable: the log up to here was synced before this record was written
 *    80 8n  checksums of the payload's 64 KiB blocks, as the writer of the chunk made them
 *    80+8n  8  XXH64 of everything before
 *    88+8n     payload
 *
 * Two fields make a log readable without its index. `offset`: a record is valid only where it says it lies, so a copy of a log that
 * somebody stored as an object is never taken for records. `durable`: what lies before it was acknowledged or could have been, so
 * damage there is corruption, while damage after the last one is what a power cut leaves of a batch that was not synced.
 */
import { blockCount, type ChunkId, LIMITS, type VersionId, type VolumeId, xxh64 } from '@cairn/core';

export const MAGIC = Buffer.from('8f434149524e5231', 'hex');
export const FORMAT_VERSION = 1;

/** Persisted numbers: never change or reuse one. */
export const RECORD_TYPES = {
  /** First record of a log; again when the generation of an open replica rises. */
  volume: 1,
  chunk: 2,
  tombstone: 3,
  seal: 4,
  /** Written by recovery over what a power cut tore; its payload is skipped. */
  gap: 5,
} as const;
export type RecordType = keyof typeof RECORD_TYPES;

const TYPE_NAMES = new Map<number, RecordType>(
  Object.entries(RECORD_TYPES).map(([name, number]) => [number, name as RecordType]),
);

const FIXED_BYTES = 80;
const CHECKSUM_BYTES = 8;
/** `volume id, chunk id`: the same 20 bytes as in the record. */
export const KEY_BYTES = 20;

/** The smallest record, and how much of any record tells the length of its head. */
export const HEAD_BYTES_MIN = FIXED_BYTES + CHECKSUM_BYTES;

export const NO_CHUNK = '0'.repeat(32) as ChunkId;
export const NO_VERSION = '0'.repeat(32) as VersionId;

export interface RecordHead {
  type: RecordType;
  volumeId: VolumeId;
  /** NO_CHUNK where the type has none. */
  chunkId: ChunkId;
  versionId: VersionId;
  chunkIndex: number;
  payloadBytes: number;
  generation: number;
  offset: number;
  durable: number;
  /** 8 bytes a block; only chunks have them. */
  blockChecksums: Uint8Array;
}

/** Length of everything before the payload. */
export function headBytes(type: RecordType, payloadBytes: number): number {
  return HEAD_BYTES_MIN + (type === 'chunk' ? 8 * blockCount(payloadBytes) : 0);
}

export function recordBytes(type: RecordType, payloadBytes: number): number {
  return headBytes(type, payloadBytes) + payloadBytes;
}

/** Writes the head at `at`; the payload follows it. @returns The head's length. */
export function encodeHead(into: Buffer, at: number, head: RecordHead): number {
  MAGIC.copy(into, at);
  into[at + 8] = FORMAT_VERSION;
  into[at + 9] = RECORD_TYPES[head.type];
  into.writeUInt16BE(0, at + 10);
  into.writeUInt32BE(head.volumeId, at + 12);
  into.write(head.chunkId, at + 16, 16, 'hex');
  into.write(head.versionId, at + 32, 16, 'hex');
  into.writeUInt32BE(head.chunkIndex, at + 48);
  into.writeUInt32BE(head.payloadBytes, at + 52);
  into.writeUInt32BE(head.generation, at + 56);
  into.writeUInt32BE(0, at + 60);
  writeLength(into, at + 64, head.offset);
  writeLength(into, at + 72, head.durable);
  into.set(head.blockChecksums, at + FIXED_BYTES);
  const sumAt = at + FIXED_BYTES + head.blockChecksums.length;
  into.writeBigUInt64BE(xxh64(into.subarray(at, sumAt)), sumAt);
  return sumAt + CHECKSUM_BYTES - at;
}

/**
 * How long the head that starts these bytes would be; undefined when no record of a known version starts here.
 * Looks at the first HEAD_BYTES_MIN bytes and verifies nothing.
 */
export function headLength(bytes: Buffer): number | undefined {
  if (bytes.length < HEAD_BYTES_MIN || MAGIC.compare(bytes, 0, 8) !== 0) return undefined;
  const type = TYPE_NAMES.get(bytes[9] as number);
  if (bytes[8] !== FORMAT_VERSION || type === undefined) return undefined;
  const payloadBytes = bytes.readUInt32BE(52);
  if (type === 'chunk' && payloadBytes > LIMITS.chunkBytesMax) return undefined;
  return headBytes(type, payloadBytes);
}

/** The head that starts these bytes; undefined when it is cut short or does not verify. The payload is not looked at. */
export function decodeHead(bytes: Buffer): RecordHead | undefined {
  const length = headLength(bytes);
  if (length === undefined || bytes.length < length) return undefined;
  const sumAt = length - CHECKSUM_BYTES;
  if (bytes.readBigUInt64BE(sumAt) !== xxh64(bytes.subarray(0, sumAt))) return undefined;
  return {
    type: TYPE_NAMES.get(bytes[9] as number) as RecordType,
    volumeId: bytes.readUInt32BE(12) as VolumeId,
    chunkId: bytes.toString('hex', 16, 32) as ChunkId,
    versionId: bytes.toString('hex', 32, 48) as VersionId,
    chunkIndex: bytes.readUInt32BE(48),
    payloadBytes: bytes.readUInt32BE(52),
    generation: bytes.readUInt32BE(56),
    offset: readLength(bytes, 64),
    durable: readLength(bytes, 72),
    blockChecksums: bytes.subarray(FIXED_BYTES, sumAt),
  };
}

/** The index key of a chunk: the same bytes as in its record. */
export function encodeKey(into: Buffer, at: number, volumeId: VolumeId, chunkId: ChunkId): void {
  into.writeUInt32BE(volumeId, at);
  into.write(chunkId, at + 4, 16, 'hex');
}

/** Lengths and offsets have 8 bytes on disk and stay below 2^53. */
function writeLength(into: Buffer, at: number, value: number): void {
  into.writeUInt32BE(Math.floor(value / 2 ** 32), at);
  into.writeUInt32BE(value % 2 ** 32, at + 4);
}

function readLength(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
