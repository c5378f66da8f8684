/**
 * Cuts a body into chunks: copies its pieces, whatever their sizes, into buffers of up to a chunk. A buffer grows with what arrives,
 * so a small or slow body never occupies a whole chunk's room. Growing takes only what is free at once: a put that waits for
 * room while it holds some could wait for another that does the same, so what was gathered is sent as a chunk of its own instead.
 */
import { pooledSize } from '@cairn/core';
import type { ChunkBuffer, WriteMemory } from './write-memory.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
/** A buffer begins with the first of these, grows to the second and then to a whole chunk. */
const FIRST_ROOM = 256 * KIB;
const SECOND_ROOM = 1 * MIB;

export interface BodyCutterOptions {
  memory: WriteMemory;
  chunkBytes: number;
  /** Of the whole body, if known. */
  length: number | undefined;
  signal: AbortSignal | undefined;
  /** Takes over the buffer; resolves when the next chunk may be gathered. */
  onChunk: (buffer: ChunkBuffer) => Promise<void>;
}

export class BodyCutter {
  readonly #options: BodyCutterOptions;
  #buffer: ChunkBuffer | undefined;
  /** Bytes of chunks that were handed over. */
  #cutBytes = 0;

  constructor(options: BodyCutterOptions) {
    this.#options = options;
  }

  /** Copies the piece; nothing of it is kept. */
  async add(piece: Uint8Array): Promise<void> {
    const { memory, signal } = this.#options;
    for (let at = 0; at < piece.length; ) {
      this.#buffer ??= await memory.take(this.#firstRoom(piece.length - at), signal);
      if (this.#buffer.length === this.#buffer.capacity && !this.#grow()) await this.#cut();
      else at += this.#buffer.fill(piece, at);
      if (this.#buffer?.length === this.#options.chunkBytes) await this.#cut();
    }
  }

  /** Hands over what is left. */
  async end(): Promise<void> {
    if (this.#buffer !== undefined) await this.#cut();
  }

  /** Gives the room back after a failure. */
  discard(): void {
    this.#buffer?.release();
    this.#buffer = undefined;
  }

  async #cut(): Promise<void> {
    const buffer = this.#buffer as ChunkBuffer;
    this.#buffer = undefined;
    this.#cutBytes += buffer.length;
    await this.#options.onChunk(buffer);
  }

  /** @param atHand Bytes that will be filled in at once. */
  #firstRoom(atHand: number): number {
    // Later chunks of a body start larger, so that the largest body fits a manifest even if no buffer can ever grow.
    const step = this.#cutBytes === 0 ? FIRST_ROOM : SECOND_ROOM;
    return this.#roomFor(Math.max(step, atHand));
  }

  /** @returns false when the buffer is as large as it gets, or there is no room now. */
  #grow(): boolean {
    const full = this.#buffer as ChunkBuffer;
    const { memory, chunkBytes } = this.#options;
    const wanted = this.#roomFor(full.capacity < SECOND_ROOM ? SECOND_ROOM : chunkBytes);
    if (wanted <= full.capacity) return false;
    const larger = memory.tryTake(wanted);
    if (larger === undefined) return false;
    larger.fill(full.bytes);
    full.release();
    this.#buffer = larger;
    return true;
  }

  /** No more than the body still needs, and no less than its buffer has room for. */
  #roomFor(wanted: number): number {
    const { length, chunkBytes } = this.#options;
    const left = length === undefined ? chunkBytes : Math.max(1, length - this.#cutBytes);
    return Math.min(chunkBytes, pooledSize(Math.min(wanted, left)));
  }
}
