/** Every kind of body as one thing: its bytes if they are at hand, else a way to read them. */
import { CairnError } from '@cairn/core';
import type { Body } from '../options.ts';

export interface BodySource {
  /** The whole body, when it is in memory already. */
  readonly bytes: Uint8Array | undefined;
  readonly length: number | undefined;
  /** Whether `open` may be called again, for another try. */
  readonly isReplayable: boolean;
  /** Reading ends the source: if the loop is left early, the stream underneath is destroyed. */
  open(): AsyncIterable<Uint8Array | string>;
}

/** @throws INVALID_ARGUMENT when it is none of the kinds. */
export function bodySource(body: Body): BodySource {
  if (typeof body === 'string') return inMemory(Buffer.from(body, 'utf8'));
  if (body instanceof Uint8Array) return inMemory(body);
  if (body instanceof Blob) {
    return { bytes: undefined, length: body.size, isReplayable: true, open: () => body.stream() };
  }
  if (typeof body?.[Symbol.asyncIterator] === 'function') {
    return { bytes: undefined, length: undefined, isReplayable: false, open: () => body };
  }
  throw new CairnError('INVALID_ARGUMENT', 'the body is neither text, bytes, a Blob, a stream nor an async iterable');
}

/** Bytes in memory are read in slices, so that hashing a large body does not hold up everything else. */
const SLICE_BYTES = 1024 * 1024;

function inMemory(bytes: Uint8Array): BodySource {
  return { bytes, length: bytes.length, isReplayable: true, open: () => inSlices(bytes) };
}

async function* inSlices(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES);
}

/** A piece of a body as bytes. @throws INVALID_ARGUMENT when a stream gives something else. */
export function pieceBytes(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  if (typeof piece === 'string') return Buffer.from(piece, 'utf8');
  throw new CairnError('INVALID_ARGUMENT', 'the body gave a piece that is neither bytes nor text');
}
