/**
 * A segment is one file of the journal: a header, then records with consecutive sequences. The header is durable before the first
 * record is written. Layout: docs/formats.md, "Metadata: journal". Pure: bytes in, bytes out.
 *
 * The salt seeds the checksum of each record, so that bytes of another segment, or a value which was made to look like a
 * record, never verify.
 */
import { CairnError, xxh64 } from '@cairn/core';
import { type DecodedRecord, decodeRecord } from './record.ts';

/** "CMJS" */
const MAGIC = 0x534a4d43;
const FORMAT_VERSION = 1;
export const SEGMENT_HEADER_BYTES = 32;

export interface SegmentHeader {
  firstSequence: number;
  salt: bigint;
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(FORMAT_VERSION, 4);
  bytes.writeBigUInt64LE(BigInt(header.firstSequence), 8);
  bytes.writeBigUInt64LE(header.salt, 16);
  bytes.writeBigUInt64LE(xxh64(bytes.subarray(0, 24)), 24);
  return bytes;
}

/**
 * @returns undefined when the bytes are not a whole header.
 * @throws METADATA_DAMAGED when it verifies but was written by a release that this one does not understand.
 */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES || bytes.readUInt32LE(0) !== MAGIC) return undefined;
  if (xxh64(bytes.subarray(0, 24)) !== bytes.readBigUInt64LE(24)) return undefined;
  const version = bytes.readUInt32LE(4);
  if (version !== FORMAT_VERSION) {
    throw new CairnError(
      'METADATA_DAMAGED',
      `the metadata journal has format version ${version}; this release reads 1`,
    );
  }
  return { firstSequence: Number(bytes.readBigUInt64LE(8)), salt: bytes.readBigUInt64LE(16) };
}

export function segmentName(firstSequence: number): string {
  return `${firstSequence.toString(16).padStart(16, '0')}.journal`;
}

/** @returns The first sequence, or undefined when the name is not that of a segment. */
export function parseSegmentName(name: string): number | undefined {
  const hex = /^([0-9a-f]{16})\.journal$/.exec(name)?.[1];
  return hex === undefined ? undefined : Number.parseInt(hex, 16);
}

/** The records from the header on, up to the first bytes that are not a whole record. */
export function* recordsOf(bytes: Buffer, salt: bigint): Generator<DecodedRecord> {
  let record = decodeRecord(bytes, SEGMENT_HEADER_BYTES, salt);
  while (record !== undefined) {
    yield record;
    record = decodeRecord(bytes, record.end, salt);
  }
}
