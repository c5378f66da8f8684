/**
 * Keys of the metadata store: ordered bytes (docs/formats.md, "Metadata: keys and rows").
 *
 *   +-----------+-------+----------------+
 *   | partition | table | fields         |
 *   | u16 BE    | u8    | of the table   |
 *   +-----------+-------+----------------+
 *
 * Numbers are big endian and texts UTF-8, so that the order of the bytes is the order of the values. A `StoreKey` carries
 * one byte per character. There is one partition, 0, so far. Table numbers are frozen.
 */
import type { ChunkId, NodeId, SessionId, VersionId, VolumeId } from '@cairn/core';
import type { StoreKey, StoreRange } from './store/metadata-store.ts';

export const TABLES = {
  system: 1,
  bucket: 2,
  object: 3,
  reference: 4,
  garbage: 5,
  session: 6,
  commitResult: 7,
  volume: 8,
  node: 9,
} as const;

export type TableName = keyof typeof TABLES;

const PARTITION = '\0\0';
const TABLE_AT = PARTITION.length;
const FIELDS_AT = TABLE_AT + 1;
const ASCII = /^[\0-\x7f]*$/;

function tablePrefix(table: TableName): string {
  return PARTITION + String.fromCharCode(TABLES[table]);
}

const PREFIX = Object.fromEntries(Object.keys(TABLES).map((name) => [name, tablePrefix(name as TableName)])) as Record<
  TableName,
  string
>;

/** The table number of a key, one of TABLES. */
export function tableOf(key: StoreKey): number {
  return key.charCodeAt(TABLE_AT);
}

function u32(value: number): string {
  return String.fromCharCode((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

function u64(value: number): string {
  return u32(Math.floor(value / 2 ** 32)) + u32(value >>> 0);
}

function readU32(text: string, at: number): number {
  return (
    text.charCodeAt(at) * 2 ** 24 +
    text.charCodeAt(at + 1) * 2 ** 16 +
    text.charCodeAt(at + 2) * 2 ** 8 +
    text.charCodeAt(at + 3)
  );
}

function readU64(text: string, at: number): number {
  return readU32(text, at) * 2 ** 32 + readU32(text, at + 4);
}

/** The UTF-8 bytes of a text, one per character. */
export function utf8Bytes(text: string): string {
  return ASCII.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** The text whose UTF-8 bytes these are. */
export function utf8Text(bytes: string): string {
  return ASCII.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}

function hexBytes(hex: string): string {
  return Buffer.from(hex, 'hex').toString('latin1');
}

/** The smallest key that is greater than every key with this prefix. */
export function endOfPrefix(prefix: string): StoreKey {
  let end = prefix.length;
  while (prefix.charCodeAt(end - 1) === 0xff) end -= 1;
  return (prefix.slice(0, end - 1) + String.fromCharCode(prefix.charCodeAt(end - 1) + 1)) as StoreKey;
}

function rangeOf(prefix: string): StoreRange {
  return { from: prefix as StoreKey, to: endOfPrefix(prefix) };
}

/** Every row of a table. */
export function tableRange(table: TableName): StoreRange {
  return rangeOf(PREFIX[table]);
}

export type SystemRowName = 'cluster' | 'lastSessionId' | 'lastVolumeId' | 'lastBucketId';

export function systemKey(name: SystemRowName): StoreKey {
  return (PREFIX.system + name) as StoreKey;
}

export function bucketKey(bucket: string): StoreKey {
  return (PREFIX.bucket + utf8Bytes(bucket)) as StoreKey;
}

export function bucketOfKey(key: StoreKey): string {
  return utf8Text(key.slice(FIELDS_AT));
}

/** What all object keys of a bucket start with; the object's key follows as UTF-8. */
export function objectPrefix(bucketId: number): StoreKey {
  return (PREFIX.object + u64(bucketId)) as StoreKey;
}

export function objectKey(bucketId: number, key: string): StoreKey {
  return (PREFIX.object + u64(bucketId) + utf8Bytes(key)) as StoreKey;
}

/** Every object of a bucket. */
export function objectsRange(bucketId: number): StoreRange {
  return rangeOf(objectPrefix(bucketId));
}

export function referenceKey(volume: VolumeId, chunk: ChunkId, version: VersionId): StoreKey {
  return (PREFIX.reference + u32(volume) + hexBytes(chunk + version)) as StoreKey;
}

/** Every reference to a chunk; a chunk is garbage only when this is empty. */
export function referencesRange(volume: VolumeId, chunk: ChunkId): StoreRange {
  return rangeOf(PREFIX.reference + u32(volume) + hexBytes(chunk));
}

export function garbageKey(volume: VolumeId, chunk: ChunkId): StoreKey {
  return (PREFIX.garbage + u32(volume) + hexBytes(chunk)) as StoreKey;
}

export function sessionKey(session: SessionId): StoreKey {
  return (PREFIX.session + u64(session)) as StoreKey;
}

export function sessionOfKey(key: StoreKey): SessionId {
  return readU64(key, FIELDS_AT) as SessionId;
}

export function commitResultKey(session: SessionId, counter: number): StoreKey {
  return (PREFIX.commitResult + u64(session) + u64(counter)) as StoreKey;
}

export function commitOfKey(key: StoreKey): { session: SessionId; counter: number } {
  return { session: readU64(key, FIELDS_AT) as SessionId, counter: readU64(key, FIELDS_AT + 8) };
}

export function volumeKey(volume: VolumeId): StoreKey {
  return (PREFIX.volume + u32(volume)) as StoreKey;
}

export function volumeOfKey(key: StoreKey): VolumeId {
  return readU32(key, FIELDS_AT) as VolumeId;
}

export function nodeKey(node: NodeId): StoreKey {
  return (PREFIX.node + utf8Bytes(node)) as StoreKey;
}

export function nodeOfKey(key: StoreKey): NodeId {
  return utf8Text(key.slice(FIELDS_AT)) as NodeId;
}
