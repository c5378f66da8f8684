/** GetChunk: the whole blocks that cover a range, as they lie on the disk, with their checksums. The reader verifies them. */
import {
  BufferPool,
  CairnError,
  type CallContext,
  type GetChunkRequest,
  type Handler,
  LIMITS,
  parseChunkId,
} from '@cairn/core';
import type { IndexEntry } from '../index/chunk-index.ts';
import { type ChunkPiece, coveringBlocks, readPiece } from '../volume/chunk-file.ts';
import type { Volume } from '../volume/volume.ts';
import type { NodeParts } from './node-parts.ts';

export function getChunk(parts: NodeParts): Handler<'StorageNode.GetChunk'> {
  const { volumes, memory, traffic } = parts;
  const pool = new BufferPool(LIMITS.nodeReadBuffersKeptBytes);
  return async (request, context) => {
    const volume = volumes.get(request.volumeId);
    const entry = volume.locate(parseChunkId(request.chunkId));
    const { offset, length } = request;
    const chunkBytes = entry.payloadBytes;
    if (!(offset >= 0 && length >= 0 && offset + length <= chunkBytes)) throw new CairnError('RANGE_INVALID');
    const [from, to] = coveringBlocks({ offset, length, chunkBytes });
    const room = new Room({ pool, context, leave: await memory.enter(to - from, context.signal) });
    let piece: ChunkPiece;
    try {
      piece = await read(parts, { volume, entry, request, from, to, room });
    } finally {
      room.filled();
    }
    traffic.gets += 1;
    traffic.getBytes += piece.payload.length;
    const firstSum = (from / LIMITS.blockBytes) * 8;
    const lastSum = Math.ceil(to / LIMITS.blockBytes) * 8;
    return {
      chunkBytes,
      payloadOffset: from,
      blockChecksums: piece.blockChecksums.subarray(firstSum, lastSum),
      payload: piece.payload,
    };
  };
}

interface Piece {
  volume: Volume;
  entry: IndexEntry;
  request: GetChunkRequest;
  from: number;
  to: number;
  room: Room;
}

/**
 * The buffer that one answer is read into, and its share of the node's memory. Both are given back when the bytes are sent, where the
 * transport tells; a large buffer comes from the pool then.
 */
class Room {
  readonly #pool: BufferPool;
  readonly #afterAnswer: CallContext['afterAnswer'];
  readonly #leave: () => void;
  #pooled: Buffer | undefined;

  constructor({ pool, context, leave }: { pool: BufferPool; context: CallContext; leave: () => void }) {
    this.#pool = pool;
    this.#afterAnswer = context.afterAnswer;
    this.#leave = leave;
  }

  take(bytes: number): Buffer {
    if (this.#afterAnswer === undefined || bytes <= LIMITS.packedPayloadBytesMax) return Buffer.allocUnsafeSlow(bytes);
    this.#pooled = this.#pool.take(bytes);
    return this.#pooled;
  }

  /** To be called when nothing is read into it any more. */
  filled(): void {
    if (this.#afterAnswer === undefined) this.#leave();
    else this.#afterAnswer(() => this.#giveBack());
  }

  #giveBack(): void {
    if (this.#pooled !== undefined) this.#pool.give(this.#pooled);
    this.#leave();
  }
}

async function read(parts: NodeParts, { volume, entry, request, from, to, room }: Piece): Promise<ChunkPiece> {
  const { heads, traffic, log } = parts;
  const { chunkId, volumeId } = request;
  const severalPieces = entry.payloadBytes > LIMITS.readBytes;
  const blockChecksums = severalPieces ? heads.get(volumeId, entry.offset) : undefined;
  const piece = await readPiece(volume.file, {
    chunkId,
    entry,
    from,
    to,
    blockChecksums,
    room: (bytes) => room.take(bytes),
  });
  if (piece === undefined) {
    traffic.getsDamaged += 1;
    if (volume.markDamaged(chunkId, entry)) {
      log.error({ volumeId, chunkId, offset: entry.offset }, 'a chunk is damaged: its record does not verify');
    }
    throw new CairnError('CHUNK_CORRUPT');
  }
  if (severalPieces && blockChecksums === undefined) heads.set(volumeId, entry.offset, piece.blockChecksums);
  return piece;
}
