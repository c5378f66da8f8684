/**
 * One commit in the journal. Layout: docs/formats.md, "Metadata: journal". Pure: bytes in, bytes out.
 *
 * `durableSequence` is the highest sequence that was durable when the record was written. It is how recovery tells a torn
 * tail (never acknowledged: may be cut) from damage (acknowledged: must not be): whatever is found in the journal, it has to reach the
 * highest `durableSequence` found anywhere in it.
 */
import { CairnError, invariant, xxh64 } from '@cairn/core';
import { ENVELOPE_BYTES, seal } from '../envelope.ts';
import type { StoreKey, StoreWrite } from '../metadata-store.ts';

/** "CMJR" */
const MAGIC = 0x524a4d43;
const FORMAT_VERSION = 1;
/** Where each field of the header lies. The header check covers all that stand behind it. */
const AT = {
  magic: 0,
  headerCheck: 4,
  version: 8,
  count: 12,
  bodyBytes: 16,
  sequence: 24,
  durable: 32,
  epoch: 40,
} as const;
const HEADER_BYTES = 48;
const CHECKSUM_BYTES = 8;
const WRITE_HEADER_BYTES = 8;
const RECORD_BYTES_MIN = HEADER_BYTES + CHECKSUM_BYTES;
/** A larger commit is refused before it gets a sequence; a larger length found on disk is damage. */
const RECORD_BYTES_MAX = 256 * 1024 * 1024;
const MAGIC_BYTES = Buffer.from('CMJR', 'latin1');

/** A write whose value is in its envelope; undefined removes the key. */
export interface SealedWrite {
  key: StoreKey;
  envelope: Uint8Array | undefined;
}

export interface JournalRecord {
  sequence: number;
  epoch: number;
  writes: readonly SealedWrite[];
}

export interface EncodedRecord extends JournalRecord {
  /** The whole record, without `durableSequence` and checksum until `finishRecord`. */
  bytes: Buffer;
}

export interface DecodedRecord extends JournalRecord {
  durableSequence: number;
  /** Where the next record starts. */
  end: number;
}

/** @throws MESSAGE_TOO_LARGE when the writes do not fit one record. */
export function encodeRecord(commit: {
  sequence: number;
  epoch: number;
  writes: readonly StoreWrite[];
}): EncodedRecord {
  const bytes = Buffer.allocUnsafeSlow(encodedBytes(commit.writes));
  bytes.fill(0, 0, HEADER_BYTES);
  bytes.writeUInt32LE(MAGIC, AT.magic);
  bytes.writeUInt32LE(FORMAT_VERSION, AT.version);
  bytes.writeUInt32LE(commit.writes.length, AT.count);
  bytes.writeUInt32LE(bytes.length - RECORD_BYTES_MIN, AT.bodyBytes);
  bytes.writeBigUInt64LE(BigInt(commit.sequence), AT.sequence);
  bytes.writeBigUInt64LE(BigInt(commit.epoch), AT.epoch);
  const writes: SealedWrite[] = [];
  let at = HEADER_BYTES;
  for (const { key, value } of commit.writes) {
    const envelopeBytes = value === undefined ? 0 : value.length + ENVELOPE_BYTES;
    bytes.writeUInt32LE(key.length, at);
    bytes.writeUInt32LE(envelopeBytes, at + 4);
    const keyAt = at + WRITE_HEADER_BYTES;
    const valueAt = keyAt + key.length;
    bytes.write(key, keyAt, 'latin1');
    if (value !== undefined) {
      bytes.set(value, valueAt);
      seal(bytes, { keyAt, valueAt, valueEnd: valueAt + value.length });
    }
    at = valueAt + envelopeBytes;
    writes.push({ key, envelope: value === undefined ? undefined : bytes.subarray(valueAt, at) });
  }
  invariant(at === bytes.length - CHECKSUM_BYTES, 'a journal record is as long as computed');
  return { sequence: commit.sequence, epoch: commit.epoch, writes, bytes };
}

function encodedBytes(writes: readonly StoreWrite[]): number {
  let total = RECORD_BYTES_MIN;
  for (const { key, value } of writes) {
    total += WRITE_HEADER_BYTES + key.length + (value === undefined ? 0 : value.length + ENVELOPE_BYTES);
  }
  if (total > RECORD_BYTES_MAX) throw new CairnError('MESSAGE_TOO_LARGE', 'the commit exceeds 256 MiB');
  return total;
}

/** What is known only when the record is written. */
export function finishRecord(record: EncodedRecord, place: { durableSequence: number; salt: bigint }): void {
  const { bytes } = record;
  bytes.writeBigUInt64LE(BigInt(place.durableSequence), AT.durable);
  bytes.writeUInt32LE(headerCheck(bytes, 0, place.salt), AT.headerCheck);
  const end = bytes.length - CHECKSUM_BYTES;
  bytes.writeBigUInt64LE(xxh64(bytes.subarray(0, end), place.salt), end);
}

function headerCheck(bytes: Buffer, at: number, salt: bigint): number {
  return Number(xxh64(bytes.subarray(at + AT.version, at + HEADER_BYTES), salt) & 0xffff_ffffn);
}

function hasHeader(bytes: Buffer, at: number, salt: bigint): boolean {
  if (at + HEADER_BYTES > bytes.length || bytes.readUInt32LE(at) !== MAGIC) return false;
  return headerCheck(bytes, at, salt) === bytes.readUInt32LE(at + AT.headerCheck);
}

/**
 * The record that starts at `at`, or undefined when the bytes there are not one whole record of this segment. Envelopes are
 * views of `bytes`.
 * @throws METADATA_DAMAGED when it verifies but was written by a release that this one does not understand.
 */
export function decodeRecord(bytes: Buffer, at: number, salt: bigint): DecodedRecord | undefined {
  if (!hasHeader(bytes, at, salt)) return undefined;
  const bodyAt = at + HEADER_BYTES;
  const bodyEnd = bodyAt + bytes.readUInt32LE(at + AT.bodyBytes);
  const end = bodyEnd + CHECKSUM_BYTES;
  if (end > bytes.length || end - at > RECORD_BYTES_MAX) return undefined;
  if (xxh64(bytes.subarray(at, bodyEnd), salt) !== bytes.readBigUInt64LE(bodyEnd)) return undefined;
  const version = bytes.readUInt32LE(at + AT.version);
  if (version !== FORMAT_VERSION) {
    throw new CairnError(
      'METADATA_DAMAGED',
      `the metadata journal has format version ${version}; this release reads 1`,
    );
  }
  return {
    sequence: Number(bytes.readBigUInt64LE(at + AT.sequence)),
    durableSequence: Number(bytes.readBigUInt64LE(at + AT.durable)),
    epoch: Number(bytes.readBigUInt64LE(at + AT.epoch)),
    writes: decodeWrites(bytes.subarray(bodyAt, bodyEnd), bytes.readUInt32LE(at + AT.count)),
    end,
  };
}

/**
 * The highest `durableSequence` that any record header from `from` on claims, wherever it starts; 0 when there is none. Headers
 * verify by themselves, so this costs little, whatever the bytes between them are.
 */
export function durableClaimAfter(bytes: Buffer, from: number, salt: bigint): number {
  let highest = 0;
  for (let at = bytes.indexOf(MAGIC_BYTES, from); at >= 0; at = bytes.indexOf(MAGIC_BYTES, at + 1)) {
    if (hasHeader(bytes, at, salt)) highest = Math.max(highest, Number(bytes.readBigUInt64LE(at + AT.durable)));
  }
  return highest;
}

function decodeWrites(body: Buffer, count: number): SealedWrite[] {
  const writes: SealedWrite[] = [];
  let at = 0;
  for (let left = count; left > 0; left--) {
    const keyAt = at + WRITE_HEADER_BYTES;
    const envelopeAt = keyAt + body.readUInt32LE(at);
    const end = envelopeAt + body.readUInt32LE(at + 4);
    const key = body.toString('latin1', keyAt, envelopeAt) as StoreKey;
    writes.push({ key, envelope: end === envelopeAt ? undefined : body.subarray(envelopeAt, end) });
    at = end;
  }
  invariant(at === body.length, 'the writes of a verified journal record fill its body');
  return writes;
}
