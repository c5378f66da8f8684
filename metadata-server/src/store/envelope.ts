/**
 * The envelope of a value: format version and checksum travel behind the bytes they protect, from the commit through the journal
 * into the index, and are checked at each read. The checksum covers key and value, so that bytes of another key never
 * verify. Layout: docs/formats.md, "Metadata: value envelope".
 */
import { CairnError, xxh64 } from '@cairn/core';
import type { StoreKey } from './metadata-store.ts';

const FORMAT_VERSION = 1;
/** Checksum and format version. */
export const ENVELOPE_BYTES = 9;

/** Grows to the largest key and value seen, up to `scratchBytesMax`; larger pairs get a buffer of their own. */
let scratch = Buffer.alloc(64 * 1024);
const scratchBytesMax = 4 * 1024 * 1024;

/**
 * Completes an envelope in place: `buffer` holds the key at `keyAt`, the value right behind it up to `valueEnd`, and 9 free
 * bytes behind the value.
 */
export function seal(buffer: Buffer, place: { keyAt: number; valueAt: number; valueEnd: number }): void {
  const { keyAt, valueAt, valueEnd } = place;
  const sum = xxh64(buffer.subarray(keyAt, valueEnd), BigInt(valueAt - keyAt));
  buffer.writeBigUInt64LE(sum, valueEnd);
  buffer[valueEnd + 8] = FORMAT_VERSION;
}

/** The value in a fresh envelope. */
export function sealed(key: StoreKey, value: Uint8Array): Uint8Array {
  const buffer = Buffer.allocUnsafeSlow(key.length + value.length + ENVELOPE_BYTES);
  buffer.write(key, 0, 'latin1');
  buffer.set(value, key.length);
  seal(buffer, { keyAt: 0, valueAt: key.length, valueEnd: key.length + value.length });
  return buffer.subarray(key.length);
}

/**
 * The value inside; a view of the same bytes.
 * @throws METADATA_DAMAGED when it does not belong to this key or does not verify.
 */
export function opened(key: StoreKey, envelope: Uint8Array): Uint8Array {
  const valueBytes = envelope.length - ENVELOPE_BYTES;
  if (valueBytes < 0) throw damaged(key, 'is cut short');
  const pairBytes = key.length + envelope.length;
  const pair = pairBytes <= scratch.length ? scratch : roomFor(pairBytes);
  pair.write(key, 0, 'latin1');
  pair.set(envelope, key.length);
  const valueEnd = key.length + valueBytes;
  const sum = xxh64(pair.subarray(0, valueEnd), BigInt(key.length));
  if (sum !== pair.readBigUInt64LE(valueEnd)) throw damaged(key, 'does not match its checksum');
  const version = pair[valueEnd + 8];
  if (version !== FORMAT_VERSION) throw damaged(key, `has format version ${version}, which this release cannot read`);
  return envelope.subarray(0, valueBytes);
}

function roomFor(bytes: number): Buffer {
  const room = Buffer.allocUnsafeSlow(bytes);
  if (bytes <= scratchBytesMax) scratch = room;
  return room;
}

function damaged(key: StoreKey, what: string): CairnError {
  const hex = Buffer.from(key, 'latin1').toString('hex');
  return new CairnError('METADATA_DAMAGED', `the metadata value of key ${hex} (hex) ${what}`);
}
