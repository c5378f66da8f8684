/** Checksums: XXH64 as others compute it, and blocks that verify at their own place only. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockChecksums, blockCount, firstBadBlock, setDigestTerm, xxh64 } from './checksum.ts';
import { chunkId, parseSessionId } from './ids.ts';
import { LIMITS } from './limits.ts';

const BLOCK = LIMITS.blockBytes;
const id = chunkId(parseSessionId(7), 1);

function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31) ^ (at >>> 9));
}

/** The bytes of xxHash's own sanity check: each is the top byte of a number that is squared again and again. */
function sanityBytes(length: number): Uint8Array {
  let state = 2_654_435_761;
  return Uint8Array.from({ length }, () => {
    const byte = state >>> 24;
    state = Math.imul(state, state) >>> 0;
    return byte;
  });
}

describe('xxh64', () => {
  it.each([
    ['', 0xef46db3751d8e999n],
    ['a', 0xd24ec4f1a98c6e5bn],
    ['as', 0x1c330fb2d66be179n],
    ['asd', 0x631c37ce72a97393n],
    ['asdf', 0x415872f599cea71en],
    ['Call me Ishmael. Some years ago--never mind how long precisely-', 0x02a2e85470d6fd96n],
  ])('of %j is what every implementation says', (text, sum) => {
    expect(xxh64(Buffer.from(text))).toBe(sum);
  });

  it.each([
    [1, 0n, 0x4fce394cc88952d8n],
    [1, 2_654_435_761n, 0x739840cb819fa723n],
    [14, 0n, 0xcffa8db881bc3a3dn],
    [14, 2_654_435_761n, 0x5b9611585efcc9cbn],
    [101, 0n, 0x0eab543384f878adn],
    [101, 2_654_435_761n, 0xcaa65939306f1e21n],
  ])('of the %d first bytes of the sanity check with seed %d is that of xxHash', (length, seed, sum) => {
    expect(xxh64(sanityBytes(length), seed)).toBe(sum);
  });

  it('depends on the bytes of a view alone, not on where they lie', () => {
    const bytes = patterned(1000);
    expect(xxh64(bytes.subarray(100, 900))).toBe(xxh64(new Uint8Array(bytes.subarray(100, 900))));
  });
});

describe('block checksums', () => {
  it('are one for each begun block', () => {
    expect([0, 1, BLOCK, BLOCK + 1, 3 * BLOCK].map(blockCount)).toEqual([0, 1, 1, 2, 3]);
    expect(blockChecksums(id, patterned(BLOCK + 1))).toHaveLength(16);
    expect(blockChecksums(id, new Uint8Array())).toHaveLength(0);
  });

  it('verify the bytes they were made of, as a whole and piece by piece', () => {
    const bytes = patterned(3 * BLOCK + 100);
    const checksums = blockChecksums(id, bytes);
    expect(firstBadBlock({ id, bytes, checksums })).toBe(-1);
    for (let block = 0; block < 4; block++) {
      const piece = bytes.subarray(block * BLOCK);
      const rest = { id, bytes: piece, checksums: checksums.subarray(block * 8) };
      expect(firstBadBlock({ ...rest, firstBlock: block })).toBe(-1);
    }
  });

  it('name the first block in which any bit is flipped', () => {
    const bytes = patterned(3 * BLOCK + 100);
    const checksums = blockChecksums(id, bytes);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const flipped = new Uint8Array(bytes);
        flipped[at] = (flipped[at] as number) ^ (1 << bit);
        expect(firstBadBlock({ id, bytes: flipped, checksums })).toBe(Math.floor(at / BLOCK));
      }),
      { numRuns: 50 },
    );
  });

  it('find blocks that were swapped together with their checksums', () => {
    const bytes = patterned(2 * BLOCK);
    const checksums = blockChecksums(id, bytes);
    const swapped = Buffer.concat([bytes.subarray(BLOCK), bytes.subarray(0, BLOCK)]);
    const theirs = Buffer.concat([checksums.subarray(8), checksums.subarray(0, 8)]);
    expect(firstBadBlock({ id, bytes: swapped, checksums: theirs })).toBe(0);
  });

  it('find the whole of another chunk, of the same session or of another', () => {
    const bytes = patterned(BLOCK);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 40 }), fc.nat(2 ** 40), (session, counter) => {
        const other = chunkId(parseSessionId(session), counter);
        fc.pre(other !== id);
        expect(firstBadBlock({ id, bytes, checksums: blockChecksums(other, bytes) })).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('find pieces that are read from the wrong place, and checksums too few or too many', () => {
    const bytes = patterned(2 * BLOCK);
    const checksums = blockChecksums(id, bytes);
    const second = { id, bytes: bytes.subarray(BLOCK), checksums: checksums.subarray(8) };
    expect(firstBadBlock({ ...second, firstBlock: 2 })).toBe(2);
    expect(firstBadBlock({ id, bytes, checksums: checksums.subarray(8) })).toBe(0);
    expect(firstBadBlock({ id, bytes: bytes.subarray(0, BLOCK), checksums })).toBe(0);
    expect(firstBadBlock({ id, bytes: new Uint8Array(), checksums })).toBe(0);
  });
});

describe('a set digest', () => {
  it('is the same in whatever order chunks come and go, and differs for different sets', () => {
    const ids = Array.from({ length: 20 }, (_, at) => chunkId(parseSessionId(3), at));
    const digest = (members: typeof ids) =>
      BigInt.asUintN(
        64,
        members.reduce((sum, member) => sum + setDigestTerm(member), 0n),
      );
    expect(digest(ids.toReversed())).toBe(digest(ids));
    const without = ids.map((_, at) => digest(ids.toSpliced(at, 1)));
    expect(new Set([...without, digest(ids)]).size).toBe(ids.length + 1);
    expect(BigInt.asUintN(64, (without[0] as bigint) + setDigestTerm(ids[0] as (typeof ids)[0]))).toBe(digest(ids));
  });
});
