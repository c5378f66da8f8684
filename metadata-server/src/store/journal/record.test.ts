/** Golden bytes, put together by hand from docs/formats.md, with checksums from an independent implementation of XXH64. */
import { hasCode } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { opened, sealed } from '../envelope.ts';
import type { StoreKey, StoreWrite } from '../metadata-store.ts';
import { decodeMark, encodeMark } from './acknowledged-mark.ts';
import { decodeRecord, durableClaimAfter, encodeRecord, finishRecord } from './record.ts';
import { decodeSegmentHeader, encodeSegmentHeader, parseSegmentName, segmentName } from './segment.ts';

const SALT = 0x1122334455667788n;
const KEY = 'a\xff' as StoreKey;

const GOLDEN_ENVELOPE = `
  78 79 7a                  value "xyz"
  e4 b5 f4 94 72 d3 0f 30   XXH64 of key and value, seed 2
  01                        format version`;

const GOLDEN_RECORD = `
  43 4d 4a 52               "CMJR"
  6e c2 51 24               header check
  01 00 00 00               format version
  02 00 00 00               2 writes
  1f 00 00 00               31 bytes of writes
  00 00 00 00               reserved
  07 00 00 00 00 00 00 00   sequence 7
  05 00 00 00 00 00 00 00   durable up to 5
  03 00 00 00 00 00 00 00   epoch 3
  02 00 00 00               key of 2 bytes
  0c 00 00 00               envelope of 12 bytes
  61 ff                     key
  78 79 7a e4 b5 f4 94 72 d3 0f 30 01
  01 00 00 00               key of 1 byte
  00 00 00 00               removed
  62                        key
  dd 7f 05 bd 31 17 4d 78   XXH64 of all before`;

const GOLDEN_SEGMENT_HEADER = `
  43 4d 4a 53               "CMJS"
  01 00 00 00               format version
  07 00 00 00 00 00 00 00   first sequence 7
  88 77 66 55 44 33 22 11   salt
  84 4d 5f 9b 0f 4e 85 11   XXH64 of all before`;

const GOLDEN_MARK = `
  43 4d 4a 41               "CMJA"
  01 00 00 00               format version
  07 00 00 00 00 00 00 00   sequence 7
  0f 91 e0 ad 35 9e dd 6c   XXH64 of all before`;

/** The bytes of each line, up to three blanks or the end. */
function golden(text: string): Buffer {
  const lines = text.split('\n').map((line) => line.trim().split('   ')[0] ?? '');
  return Buffer.from(lines.join('').replaceAll(' ', ''), 'hex');
}

function record(writes: StoreWrite[], sequence = 7): Buffer {
  const encoded = encodeRecord({ sequence, epoch: 3, writes });
  finishRecord(encoded, { durableSequence: 5, salt: SALT });
  return encoded.bytes;
}

const WRITES: StoreWrite[] = [
  { key: KEY, value: new Uint8Array(Buffer.from('xyz')) },
  { key: 'b' as StoreKey, value: undefined },
];

describe('the envelope of a value', () => {
  it('has the bytes that docs/formats.md says', () => {
    expect(Buffer.from(sealed(KEY, Buffer.from('xyz'))).toString('hex')).toBe(golden(GOLDEN_ENVELOPE).toString('hex'));
    expect(Buffer.from(opened(KEY, golden(GOLDEN_ENVELOPE))).toString()).toBe('xyz');
  });

  it('does not open when any bit of it or of its key is another', () => {
    const envelope = golden(GOLDEN_ENVELOPE);
    for (let bit = 0; bit < envelope.length * 8; bit++) {
      const damaged = Buffer.from(envelope);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => opened(KEY, damaged)).toThrow();
    }
    for (const key of ['a', 'a\xfe', 'a\xffx', '', 'ax']) expect(() => opened(key as StoreKey, envelope)).toThrow();
    for (let length = 0; length < envelope.length; length++) {
      expect(() => opened(KEY, envelope.subarray(0, length))).toThrow();
    }
  });

  it('names the key in hex when it is damaged', () => {
    expect(() => opened(KEY, golden(GOLDEN_ENVELOPE).fill(0))).toThrow(/61ff/);
    try {
      opened(KEY, Buffer.alloc(20));
    } catch (error) {
      expect(hasCode(error, 'METADATA_DAMAGED')).toBe(true);
    }
  });
});

describe('a journal record', () => {
  it('has the bytes that docs/formats.md says', () => {
    expect(record(WRITES).toString('hex')).toBe(golden(GOLDEN_RECORD).toString('hex'));
    expect(encodeSegmentHeader({ firstSequence: 7, salt: SALT }).toString('hex')).toBe(
      golden(GOLDEN_SEGMENT_HEADER).toString('hex'),
    );
    expect(encodeMark(7).toString('hex')).toBe(golden(GOLDEN_MARK).toString('hex'));
  });

  it('is read back from its bytes', () => {
    const decoded = decodeRecord(golden(GOLDEN_RECORD), 0, SALT);
    expect(decoded).toMatchObject({ sequence: 7, durableSequence: 5, epoch: 3, end: golden(GOLDEN_RECORD).length });
    expect(decoded?.writes.map((write) => write.key)).toEqual(['a\xff', 'b']);
    expect(decoded?.writes[0]?.envelope).toEqual(golden(GOLDEN_ENVELOPE));
    expect(decoded?.writes[1]?.envelope).toBeUndefined();
    expect(decodeSegmentHeader(golden(GOLDEN_SEGMENT_HEADER))).toEqual({ firstSequence: 7, salt: SALT });
    expect(decodeMark(golden(GOLDEN_MARK))).toBe(7);
  });

  it('does not verify when any bit is another, when it is cut short, or in another segment', () => {
    const bytes = golden(GOLDEN_RECORD);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(decodeRecord(damaged, 0, SALT)).toBeUndefined();
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeRecord(bytes.subarray(0, length), 0, SALT)).toBeUndefined();
    }
    expect(decodeRecord(bytes, 0, SALT + 1n)).toBeUndefined();
  });

  it('is found behind damaged bytes by its header alone, but not inside a value of another segment', () => {
    const bytes = golden(GOLDEN_RECORD);
    const behind = Buffer.concat([Buffer.from('CMJRCMJ'), bytes.subarray(0, 60)]);
    expect(durableClaimAfter(behind, 0, SALT)).toBe(5);
    expect(durableClaimAfter(behind, 8, SALT)).toBe(0);
    expect(durableClaimAfter(behind, 0, SALT + 1n)).toBe(0);
  });

  it('is refused when it is larger than the limit', () => {
    const value = new Uint8Array(130 * 1024 * 1024);
    expect(() => record([1, 2].map((n) => ({ key: `${n}` as StoreKey, value })))).toThrow(/256 MiB/);
  });
});

describe('the name of a segment', () => {
  it('is its first sequence in hex', () => {
    expect(segmentName(255)).toBe('00000000000000ff.journal');
    expect(parseSegmentName('00000000000000ff.journal')).toBe(255);
    for (const name of ['ff.journal', '00000000000000ff.journal.new', 'acknowledged', '00000000000000FF.journal']) {
      expect(parseSegmentName(name)).toBeUndefined();
    }
  });
});
