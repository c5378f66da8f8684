import { LIMITS } from '@cairn/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testBytes } from '../testing/fake-cluster.ts';
import { BodyCutter } from './body-cutter.ts';
import { type ChunkBuffer, WriteMemory } from './write-memory.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

async function cut(
  pieces: readonly Uint8Array[],
  options: { memory: WriteMemory; chunkBytes: number; length?: number },
): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  const { memory, chunkBytes, length } = options;
  const onChunk = async (buffer: ChunkBuffer) => {
    chunks.push(Buffer.from(buffer.bytes));
    buffer.release();
  };
  const cutter = new BodyCutter({ memory, chunkBytes, length, signal: undefined, onChunk });
  for (const piece of pieces) await cutter.add(piece);
  await cutter.end();
  return chunks;
}

describe('the cutting of a body', () => {
  it('gives the same bytes in whole chunks, whatever the pieces are', async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 900 * KIB }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.boolean(),
        fc.constantFrom(MIB, 2 * MIB, 3 * MIB),
        async (lengths, isKnown, chunkBytes) => {
          const pieces = lengths.map((length, at) => testBytes(length, at));
          const body = Buffer.concat(pieces);
          const memory = new WriteMemory();
          const chunks = await cut(pieces, { memory, chunkBytes, ...(isKnown ? { length: body.length } : {}) });
          expect(Buffer.concat(chunks).equals(body)).toBe(true);
          expect(chunks.length).toBe(Math.ceil(body.length / chunkBytes));
          expect(memory.usedBytes).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('charges a small body for little, though its length is unknown', async () => {
    const memory = new WriteMemory();
    const cutter = new BodyCutter({
      ...{ memory, chunkBytes: 8 * MIB, length: undefined, signal: undefined },
      onChunk: async (buffer) => buffer.release(),
    });
    await cutter.add(testBytes(1000));
    expect(memory.usedBytes).toBe(256 * KIB);
    cutter.discard();
    expect(memory.usedBytes).toBe(0);
  });

  it('sends what it has when there is no room to grow, instead of waiting for others that wait as well', async () => {
    const memory = new WriteMemory();
    const others = [];
    for (let left = LIMITS.clientWriteBytes; left > 2 * MIB; left -= 2 * MIB) others.push(await memory.take(2 * MIB));
    const body = testBytes(5 * MIB);
    const pieces = Array.from({ length: 80 }, (_, at) => body.subarray(at * 64 * KIB, (at + 1) * 64 * KIB));
    const chunks = await cut(pieces, { memory, chunkBytes: 8 * MIB });
    expect(Buffer.concat(chunks).equals(body)).toBe(true);
    expect(chunks.length).toBeGreaterThan(1);
    for (const other of others) other.release();
    expect(memory.usedBytes).toBe(0);
  });
});
