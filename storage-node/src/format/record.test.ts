/** Golden bytes of format version 1, written down by hand from docs/formats.md, and properties of the codec. */
import { type ChunkId, chunkId, LIMITS, type SessionId, type VersionId, type VolumeId, versionId } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import {
  decodeHead,
  encodeHead,
  encodeKey,
  HEAD_BYTES_MIN,
  headBytes,
  headLength,
  NO_CHUNK,
  NO_VERSION,
  RECORD_TYPES,
  type RecordHead,
  type RecordType,
  recordBytes,
} from './record.ts';

const CHUNK: RecordHead = {
  type: 'chunk',
  volumeId: 7 as VolumeId,
  chunkId: chunkId(42 as SessionId, 3),
  versionId: versionId(42 as SessionId, 1),
  chunkIndex: 2,
  payloadBytes: 5,
  generation: 9,
  offset: 0x1_0000_0058,
  durable: 0x58,
  blockChecksums: Buffer.from('0102030405060708', 'hex'),
};

// The checksum was computed by an independent implementation of XXH64.
const CHUNK_BYTES = [
  '8f434149524e5231', // magic
  '01', // format version
  '02', // type: chunk
  '0000', // flags
  '00000007', // volume id
  '000000000000002a0000000000000003', // chunk id: session 42, counter 3
  '000000000000002a0000000000000001', // owner: version id
  '00000002', // owner: chunk index
  '00000005', // payload length
  '00000009', // generation
  '00000000', // reserved
  '0000000100000058', // offset of the record
  '0000000000000058', // durable
  '0102030405060708', // one block checksum
  'd5bfd4943261c9fd', // XXH64 of the 88 bytes above
].join('');

const SEAL: RecordHead = {
  type: 'seal',
  volumeId: 0xffff_ffff as VolumeId,
  chunkId: NO_CHUNK,
  versionId: NO_VERSION,
  chunkIndex: 0,
  payloadBytes: 0,
  generation: 10,
  offset: 0x1000,
  durable: 0x800,
  blockChecksums: Buffer.alloc(0),
};

const SEAL_BYTES = [
  '8f434149524e5231',
  '01',
  '04', // type: seal
  '0000',
  'ffffffff', // volume id
  '00'.repeat(16),
  '00'.repeat(16),
  '00000000',
  '00000000',
  '0000000a', // generation
  '00000000',
  '0000000000001000', // offset
  '0000000000000800', // durable
  '0400bf966e04e3b8', // XXH64 of the 80 bytes above
].join('');

function encoded(head: RecordHead, at = 0): Buffer {
  const bytes = Buffer.alloc(at + headBytes(head.type, head.payloadBytes));
  encodeHead(bytes, at, head);
  return bytes;
}

/** Numbers from a seed, so that a failure comes again. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    yield state;
  }
}

function hexId(source: Generator<number>): string {
  return Array.from({ length: 4 }, () => (source.next().value as number).toString(16).padStart(8, '0')).join('');
}

function randomHead(source: Generator<number>): RecordHead {
  const next = () => source.next().value as number;
  const types = Object.keys(RECORD_TYPES) as RecordType[];
  const type = types[(next() >>> 8) % types.length] as RecordType;
  const payloadBytes = type === 'chunk' ? next() % (LIMITS.chunkBytesMax + 1) : type === 'gap' ? next() : 0;
  const sums = headBytes(type, payloadBytes) - HEAD_BYTES_MIN;
  return {
    type,
    volumeId: next() as VolumeId,
    chunkId: hexId(source) as ChunkId,
    versionId: hexId(source) as VersionId,
    chunkIndex: next(),
    payloadBytes,
    generation: next(),
    offset: next() * 2 ** 20 + (next() % 2 ** 20),
    durable: next() * 2 ** 20,
    blockChecksums: Buffer.from(Array.from({ length: sums }, () => next() >>> 24)),
  };
}

describe('a record', () => {
  it('has the bytes that docs/formats.md says', () => {
    expect(encoded(CHUNK).toString('hex')).toBe(CHUNK_BYTES);
    expect(encoded(SEAL).toString('hex')).toBe(SEAL_BYTES);
  });

  it('is read from the bytes that docs/formats.md says', () => {
    expect(decodeHead(Buffer.from(CHUNK_BYTES, 'hex'))).toEqual(CHUNK);
    expect(decodeHead(Buffer.from(SEAL_BYTES, 'hex'))).toEqual(SEAL);
  });

  it('carries the index key in its bytes', () => {
    const key = Buffer.alloc(20);
    encodeKey(key, 0, CHUNK.volumeId, CHUNK.chunkId);
    expect(key.toString('hex')).toBe('00000007000000000000002a0000000000000003');
    expect(encoded(CHUNK).subarray(12, 32).equals(key)).toBe(true);
  });

  it('has a head that grows by 8 bytes for each block of a chunk', () => {
    expect(headBytes('chunk', 0)).toBe(88);
    expect(headBytes('chunk', 1)).toBe(96);
    expect(headBytes('chunk', LIMITS.blockBytes)).toBe(96);
    expect(headBytes('chunk', LIMITS.blockBytes + 1)).toBe(104);
    expect(headBytes('gap', 1_000_000)).toBe(88);
    expect(recordBytes('chunk', 8 * 1024 * 1024)).toBe(88 + 8 * 128 + 8 * 1024 * 1024);
  });

  it('comes back as it was written, at any place of a buffer', () => {
    const source = numbers(1);
    for (let round = 0; round < 200; round++) {
      const head = randomHead(source);
      const at = (source.next().value as number) % 50;
      expect(decodeHead(encoded(head, at).subarray(at)), JSON.stringify(head)).toEqual(head);
    }
  });

  it('does not verify with any one bit flipped', () => {
    const good = encoded(CHUNK);
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = Buffer.from(good);
      bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(decodeHead(bad), `bit ${bit}`).toBeUndefined();
    }
  });

  it('does not verify when it is cut short anywhere', () => {
    const good = encoded(CHUNK);
    for (let length = 0; length < good.length; length++) {
      expect(decodeHead(good.subarray(0, length)), `${length} bytes`).toBeUndefined();
    }
  });

  it('is not seen in a later format version, an unknown type or a payload beyond the limit', () => {
    const withByte = (at: number, value: number) => {
      const bytes = encoded(CHUNK);
      bytes[at] = value;
      return bytes;
    };
    expect(headLength(encoded(CHUNK))).toBe(96);
    expect(headLength(withByte(8, 2))).toBeUndefined();
    expect(headLength(withByte(9, 6))).toBeUndefined();
    expect(headLength(withByte(52, 0xff))).toBeUndefined();
  });
});
