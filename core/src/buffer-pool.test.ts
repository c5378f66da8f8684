import { describe, expect, it } from 'vitest';
import { BufferPool, pooledSize } from './buffer-pool.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

describe('pooledSize', () => {
  it.each([
    [1, 4 * KIB],
    [4 * KIB, 4 * KIB],
    [4 * KIB + 1, 16 * KIB],
    [MIB, MIB],
    [MIB + 1, 2 * MIB],
    [8 * MIB + 1100, 9 * MIB],
  ])('of %i bytes is %i', (bytes, size) => {
    expect(pooledSize(bytes)).toBe(size);
  });
});

describe('a pool', () => {
  it('gives a buffer out again only after it came back', () => {
    const pool = new BufferPool(4 * MIB);
    const first = pool.take(MIB);
    const second = pool.take(MIB);
    expect(second).not.toBe(first);
    pool.give(first);
    expect(pool.take(MIB - 1)).toBe(first);
    expect(pool.take(MIB)).not.toBe(first);
  });

  it('keeps no more than its bound, and none for another size', () => {
    const pool = new BufferPool(2 * MIB);
    const buffers = [pool.take(MIB), pool.take(MIB), pool.take(MIB)];
    for (const buffer of buffers) pool.give(buffer);
    expect(pool.keptBytes).toBe(2 * MIB);
    expect(buffers).not.toContain(pool.take(64 * KIB));
    expect(pool.keptBytes).toBe(2 * MIB);
  });
});
