/**
 * Reads chunks from a log where the index says they lie. Heads are verified, and that they are of the chunk that was asked for;
 * payloads are passed on as they are, because the reader verifies them end to end.
 */
import { type ChunkId, type DiskFile, LIMITS } from '@cairn/core';
import { decodeHead, headBytes, type RecordHead } from '../format/record.ts';
import type { IndexEntry } from '../index/chunk-index.ts';

/** Reading this much more than was asked for costs less than one more read. */
const ONE_READ_BYTES = 128 * 1024;

export interface ChunkPlace {
  chunkId: ChunkId;
  entry: IndexEntry;
}

export interface ChunkRange extends ChunkPlace {
  /** Of the payload; whole blocks, within the chunk. */
  from: number;
  to: number;
  /** The checksums of all blocks, if somebody has verified the head before. */
  blockChecksums?: Uint8Array | undefined;
  /** Gives the buffer to read into, at least so long. */
  room: (bytes: number) => Buffer;
}

export interface ChunkPiece {
  /** Of all blocks of the chunk. */
  blockChecksums: Uint8Array;
  payload: Uint8Array;
}

/** @returns undefined when no head of this chunk verifies there. */
export async function readHead(file: DiskFile, place: ChunkPlace): Promise<RecordHead | undefined> {
  const bytes = Buffer.allocUnsafe(headBytes('chunk', place.entry.payloadBytes));
  const count = await file.read(bytes, place.entry.offset);
  return headOf(bytes.subarray(0, count), place);
}

/** @returns undefined when the head does not verify or the file ends too early. */
export async function readPiece(file: DiskFile, range: ChunkRange): Promise<ChunkPiece | undefined> {
  const { entry, from, to } = range;
  const headLength = headBytes('chunk', entry.payloadBytes);
  if (range.blockChecksums === undefined && from <= ONE_READ_BYTES) return readWithHead(file, range);
  const payload = range.room(to - from).subarray(0, to - from);
  const blockChecksums = range.blockChecksums ?? (await readHead(file, range))?.blockChecksums;
  const count = await file.read(payload, entry.offset + headLength + from);
  if (count < payload.length || blockChecksums === undefined) return undefined;
  return { blockChecksums, payload };
}

async function readWithHead(file: DiskFile, range: ChunkRange): Promise<ChunkPiece | undefined> {
  const headLength = headBytes('chunk', range.entry.payloadBytes);
  const bytes = range.room(headLength + range.to).subarray(0, headLength + range.to);
  const count = await file.read(bytes, range.entry.offset);
  const head = headOf(bytes, range);
  if (count < bytes.length || head === undefined) return undefined;
  return { blockChecksums: head.blockChecksums, payload: bytes.subarray(headLength + range.from) };
}

function headOf(bytes: Buffer, { chunkId, entry }: ChunkPlace): RecordHead | undefined {
  const head = decodeHead(bytes);
  const isIt =
    head !== undefined &&
    head.type === 'chunk' &&
    head.chunkId === chunkId &&
    head.offset === entry.offset &&
    head.payloadBytes === entry.payloadBytes;
  return isIt ? head : undefined;
}

/** The whole blocks that cover [offset, offset + length) of a chunk. */
export function coveringBlocks(range: { offset: number; length: number; chunkBytes: number }): [number, number] {
  const { blockBytes } = LIMITS;
  const from = Math.floor(range.offset / blockBytes) * blockBytes;
  if (range.length === 0) return [from, from];
  const to = Math.ceil((range.offset + range.length) / blockBytes) * blockBytes;
  return [from, Math.min(to, range.chunkBytes)];
}
