/**
 * Records that will be written with one call and synced with one call. Heads and small payloads are copied next to each other into
 * segments, so that thousands of small records are a few pieces; large payloads are written from where they are.
 */
import type { CairnError } from '@cairn/core';
import { encodeHead, type RecordHead, recordBytes } from '../format/record.ts';
import type { Segments } from './segments.ts';

/** A payload up to this size is copied: one memcpy costs less than one more piece. */
const COPIED_BYTES_MAX = 64 * 1024;

/** Called once, in the order of the log: without an error when the record is durable. */
export type Committed = (error?: CairnError) => void;
/** What the caller of an append knows of its record; the log adds the place. */
export type NewRecord = Omit<RecordHead, 'offset' | 'durable'>;

export class Batch {
  /** Where the batch starts in the log; everything before it is synced by the time it is written. */
  readonly start: number;
  readonly #segments: Segments;
  readonly #taken: Buffer[] = [];
  readonly #pieces: Buffer[] = [];
  readonly #waiting: Committed[] = [];
  /** The segment that is being filled: bytes from `#pieceStart` on are not yet a piece. */
  #segment: Buffer | undefined;
  #pieceStart = 0;
  #filled = 0;
  #bytes = 0;

  constructor(start: number, segments: Segments) {
    this.start = start;
    this.#segments = segments;
  }

  get end(): number {
    return this.start + this.#bytes;
  }

  get records(): number {
    return this.#waiting.length;
  }

  /** @returns The record's offset in the log. */
  add(record: NewRecord, payload: Uint8Array, committed: Committed): number {
    const offset = this.end;
    const bytes = recordBytes(record.type, payload.length);
    const copied = payload.length <= COPIED_BYTES_MAX;
    const segment = this.#room(copied ? bytes : bytes - payload.length);
    this.#filled += encodeHead(segment, this.#filled, { ...record, offset, durable: this.start });
    if (copied) {
      segment.set(payload, this.#filled);
      this.#filled += payload.length;
    } else {
      this.#cutPiece();
      this.#pieces.push(Buffer.from(payload.buffer, payload.byteOffset, payload.length));
    }
    this.#bytes += bytes;
    this.#waiting.push(committed);
    return offset;
  }

  /** All bytes in order; nothing may be added afterwards. */
  pieces(): Buffer[] {
    this.#cutPiece();
    return this.#pieces;
  }

  /** Tells everyone who waits, in order, and gives the segments back. */
  settle(error?: CairnError): void {
    for (const committed of this.#waiting) committed(error);
    for (const segment of this.#taken) this.#segments.give(segment);
    this.#taken.length = 0;
  }

  #room(bytes: number): Buffer {
    if (this.#segment === undefined || this.#filled + bytes > this.#segment.length) {
      this.#cutPiece();
      this.#segment = this.#segments.take(bytes);
      this.#taken.push(this.#segment);
      this.#pieceStart = 0;
      this.#filled = 0;
    }
    return this.#segment;
  }

  #cutPiece(): void {
    if (this.#segment === undefined || this.#filled === this.#pieceStart) return;
    this.#pieces.push(this.#segment.subarray(this.#pieceStart, this.#filled));
    this.#pieceStart = this.#filled;
  }
}
