import { chunkId, type SessionId, type VolumeId, versionId } from '@cairn/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as keys from './keys.ts';

const hex = (key: string) => Buffer.from(key, 'latin1').toString('hex');

describe('keys', () => {
  it('are the bytes that docs/formats.md shows', () => {
    const session = 0x0102 as SessionId;
    const volume = 0x0a0b as VolumeId;
    const chunk = `${'0'.repeat(12)}0102${'0'.repeat(15)}3`;
    const version = `${'0'.repeat(12)}0102${'0'.repeat(15)}4`;
    expect(hex(keys.systemKey('cluster'))).toBe(`000001${hex('cluster')}`);
    expect(hex(keys.bucketKey('photos'))).toBe(`000002${hex('photos')}`);
    expect(hex(keys.objectKey(7, 'a/ü'))).toBe('0000030000000000000007612fc3bc');
    expect(hex(keys.referenceKey(volume, chunkId(session, 3), versionId(session, 4)))).toBe(
      `00000400000a0b${chunk}${version}`,
    );
    expect(hex(keys.garbageKey(volume, chunkId(session, 3)))).toBe(`00000500000a0b${chunk}`);
    expect(hex(keys.sessionKey(session))).toBe('0000060000000000000102');
    expect(hex(keys.commitResultKey(session, 2 ** 40))).toBe('00000700000000000001020000010000000000');
    expect(hex(keys.volumeKey(volume))).toBe('00000800000a0b');
    expect(hex(keys.nodeKey('n-1' as never))).toBe(`000009${hex('n-1')}`);
  });

  it('sort objects by the UTF-8 bytes of their keys within their bucket', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((key) => key.isWellFormed());
    fc.assert(
      fc.property(text, text, fc.nat(), fc.nat(), (a, b, one, other) => {
        const byBytes = one - other || Buffer.compare(Buffer.from(a), Buffer.from(b));
        const [left, right] = [keys.objectKey(one, a), keys.objectKey(other, b)];
        expect(left < right ? -1 : left > right ? 1 : 0).toBe(Math.sign(byBytes));
      }),
    );
  });

  it('give back the numbers and names they were made of', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), fc.integer({ min: 1, max: 2 ** 32 - 1 }), (id, counter, volume) => {
        const session = id as SessionId;
        expect(keys.sessionOfKey(keys.sessionKey(session))).toBe(session);
        expect(keys.commitOfKey(keys.commitResultKey(session, counter))).toEqual({ session, counter });
        expect(keys.volumeOfKey(keys.volumeKey(volume as VolumeId))).toBe(volume);
      }),
    );
    expect(keys.bucketOfKey(keys.bucketKey('photos'))).toBe('photos');
    expect(keys.nodeOfKey(keys.nodeKey('n1' as never))).toBe('n1');
    expect(keys.utf8Text(keys.utf8Bytes('ü-😀'))).toBe('ü-😀');
  });

  it('lie inside the ranges of their tables and of nothing else', () => {
    const volume = 0xffff_ffff as VolumeId;
    const chunk = 'f'.repeat(32) as never;
    const { from, to } = keys.referencesRange(volume, chunk);
    const key = keys.referenceKey(volume, chunk, 'f'.repeat(32) as never);
    expect(from <= key && key < to).toBe(true);
    expect(keys.garbageKey(volume, chunk) >= to).toBe(true);
    expect(keys.endOfPrefix('a\xff\xff')).toBe('b');
  });
});
