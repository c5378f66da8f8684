import { type ChunkReference, chunkId, LIMITS, parseSessionId, parseVolumeId } from '@cairn/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveRange } from './byte-range.ts';
import { onlyPieceOf, piecesOf } from './read-plan.ts';

const MIB = 1024 * 1024;

function chunksOf(sizes: readonly number[]): ChunkReference[] {
  return sizes.map((bytes, at) => {
    return { volumeId: parseVolumeId(1), chunkId: chunkId(parseSessionId(1), at + 1), bytes };
  });
}

describe('the plan of a read', () => {
  it('covers the span exactly, in order, with pieces that cross no boundary', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 3 * MIB }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), (lengths, one, other) => {
        const chunks = chunksOf(lengths);
        const total = lengths.reduce((sum, bytes) => sum + bytes, 0);
        const start = Math.min(one % total, other % total);
        const end = Math.max(one % total, other % total) + 1;
        let at = start;
        for (const { chunk, offset, length } of piecesOf(chunks, { start, end })) {
          const chunkStart = lengths.slice(0, chunks.indexOf(chunk)).reduce((sum, bytes) => sum + bytes, 0);
          expect(chunkStart + offset).toBe(at);
          expect(length).toBeGreaterThan(0);
          expect(offset + length).toBeLessThanOrEqual(chunk.bytes);
          const { readBytes } = LIMITS;
          expect(Math.floor(offset / readBytes)).toBe(Math.floor((offset + length - 1) / readBytes));
          at += length;
        }
        expect(at).toBe(end);
      }),
    );
  });

  it('reads a small object with one piece and an empty one with none', () => {
    expect([...piecesOf(chunksOf([MIB]), { start: 0, end: MIB })]).toHaveLength(1);
    expect([...piecesOf([], { start: 0, end: 0 })]).toEqual([]);
  });
});

describe('the short way of a small read', () => {
  it('plans what the long way plans', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 2 * MIB }), { maxLength: 2 });
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), (lengths, one, other) => {
        const total = lengths.reduce((sum, bytes) => sum + bytes, 0);
        const [start, end] = [one % (total + 1), other % (total + 1)].sort((a, b) => a - b) as [number, number];
        const only = onlyPieceOf(chunksOf(lengths), { start, end });
        if (only !== undefined) expect([...piecesOf(chunksOf(lengths), { start, end })]).toEqual([only]);
      }),
    );
  });
});

describe('a range', () => {
  it('is inclusive, clipped to the object, and may count from the end', () => {
    expect(resolveRange(undefined, 10)).toEqual({ start: 0, end: 10 });
    expect(resolveRange({ start: 2, end: 4 }, 10)).toEqual({ start: 2, end: 5 });
    expect(resolveRange({ start: 9, end: 1000 }, 10)).toEqual({ start: 9, end: 10 });
    expect(resolveRange({ start: 3 }, 10)).toEqual({ start: 3, end: 10 });
    expect(resolveRange({ suffix: 3 }, 10)).toEqual({ start: 7, end: 10 });
    expect(resolveRange({ suffix: 30 }, 10)).toEqual({ start: 0, end: 10 });
  });

  it.each([
    [{ start: 10 }, 10],
    [{ start: 5, end: 4 }, 10],
    [{ suffix: 0 }, 10],
    [{ suffix: 1 }, 0],
    [{ start: 0 }, 0],
    [{ start: -1 }, 10],
    [{ start: 0.5 }, 10],
    [{ start: Number.NaN }, 10],
  ])('of %j is refused for %d bytes', (range, total) => {
    expect(() => resolveRange(range, total)).toThrow(expect.objectContaining({ code: 'RANGE_INVALID' }));
  });
});
