/**
 * Checksums are XXH64 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md), one per 64 KiB block of a chunk, seeded
 * with the chunk's id, so that bytes of another chunk, or of another place of the same one, never verify.
 */
import xxhash from 'xxhash-wasm';
import type { ChunkId } from './ids.ts';
import { LIMITS } from './limits.ts';

const { h64Raw } = await xxhash();

/** XXH64 of the bytes. */
export function xxh64(bytes: Uint8Array, seed = 0n): bigint {
  return h64Raw(bytes, seed);
}

/** The seed of block `index` of a chunk: both halves of the id and the block's place go in. */
function blockSeed(id: ChunkId, index: number): bigint {
  const high = BigInt(`0x${id.slice(0, 16)}`);
  const low = BigInt(`0x${id.slice(16)}`);
  return BigInt.asUintN(64, (high * 0x9e37_79b9_7f4a_7c15n) ^ (low + (BigInt(index) << 40n)));
}

/** How many block checksums a chunk of this length has; an empty chunk has none. */
export function blockCount(chunkBytes: number): number {
  return Math.ceil(chunkBytes / LIMITS.blockBytes);
}

/**
 * The checksums of consecutive blocks, 8 bytes each, little endian.
 * @param firstBlock The place in the chunk of the block that `bytes` starts with.
 */
export function blockChecksums(id: ChunkId, bytes: Uint8Array, firstBlock = 0): Uint8Array {
  const count = blockCount(bytes.length);
  const sums = new Uint8Array(count * 8);
  const view = new DataView(sums.buffer);
  for (let block = 0; block < count; block++) {
    const start = block * LIMITS.blockBytes;
    const piece = bytes.subarray(start, start + LIMITS.blockBytes);
    view.setBigUint64(block * 8, h64Raw(piece, blockSeed(id, firstBlock + block)), true);
  }
  return sums;
}

/** @returns The place in the chunk of the first block that does not verify, or -1 when all do. */
export function firstBadBlock(options: {
  id: ChunkId;
  bytes: Uint8Array;
  checksums: Uint8Array;
  firstBlock?: number;
}): number {
  const first = options.firstBlock ?? 0;
  const count = blockCount(options.bytes.length);
  if (options.checksums.length !== count * 8) return first;
  const actual = blockChecksums(options.id, options.bytes, first);
  for (let at = 0; at < actual.length; at++) {
    if (actual[at] !== options.checksums[at]) return first + (at >> 3);
  }
  return -1;
}

/**
 * One element's share of a set digest: the digest of a set of chunks is the sum of these modulo 2^64, so adding and removing
 * are one addition, and equal digests (with equal counts) mean equal sets.
 */
export function setDigestTerm(id: ChunkId): bigint {
  return h64Raw(Buffer.from(id, 'latin1'), 0x636169726en);
}
