/** The end-to-end check: no byte of a chunk is passed on before this has seen it (CONTRACT.md, promise 5). Pure. */
import { firstBadBlock, type GetChunkResponse, LIMITS } from '@cairn/core';
import type { Piece } from './read-plan.ts';

/** @returns Exactly the bytes of the piece, or undefined when the answer is not the chunk's or does not verify. */
export function verifiedBytes(piece: Piece, answer: GetChunkResponse): Uint8Array | undefined {
  const { chunk, offset, length } = piece;
  const blockStart = offset - (offset % LIMITS.blockBytes);
  const blocksEnd = Math.min(chunk.bytes, Math.ceil((offset + length) / LIMITS.blockBytes) * LIMITS.blockBytes);
  const { payload, payloadOffset, blockChecksums: checksums } = answer;
  if (answer.chunkBytes !== chunk.bytes || payloadOffset !== blockStart) return undefined;
  if (payload.length !== blocksEnd - blockStart) return undefined;
  const firstBlock = blockStart / LIMITS.blockBytes;
  if (firstBadBlock({ id: chunk.chunkId, bytes: payload, checksums, firstBlock }) !== -1) return undefined;
  return payload.length === length ? payload : payload.subarray(offset - blockStart, offset - blockStart + length);
}
