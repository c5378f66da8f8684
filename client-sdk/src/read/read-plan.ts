/** How a span of an object is read: as pieces, each of one chunk, each one request to one replica. Pure. */
import { type ChunkReference, LIMITS } from '@cairn/core';
import type { Span } from './byte-range.ts';

export interface Piece {
  readonly chunk: ChunkReference;
  /** Of the chunk's payload. */
  readonly offset: number;
  readonly length: number;
}

/**
 * The pieces of a span, in order. Pieces end at multiples of LIMITS.readBytes within their chunk, so only the first and the
 * last one ask for a part of a block.
 */
export function* piecesOf(chunks: readonly ChunkReference[], span: Span): Generator<Piece, void> {
  let chunkStart = 0;
  for (const chunk of chunks) {
    if (chunkStart >= span.end) return;
    const end = Math.min(chunk.bytes, span.end - chunkStart);
    let offset = Math.max(0, span.start - chunkStart);
    while (offset < end) {
      const boundary = (Math.floor(offset / LIMITS.readBytes) + 1) * LIMITS.readBytes;
      const length = Math.min(boundary, end) - offset;
      yield { chunk, offset, length };
      offset += length;
    }
    chunkStart += chunk.bytes;
  }
}

/** The piece of a read that needs only one, which most reads are; undefined when it needs none or several. */
export function onlyPieceOf(chunks: readonly ChunkReference[], span: Span): Piece | undefined {
  const chunk = chunks[0];
  if (chunk === undefined || chunks.length > 1 || span.end > LIMITS.readBytes || span.end === span.start)
    return undefined;
  return { chunk, offset: span.start, length: span.end - span.start };
}
