/**
 * Reads a file forwards through a window: large while the reads follow each other, small after a jump, so that a scan over small
 * chunks reads the disk in large pieces and one over large chunks reads little more than their heads.
 */
import type { DiskFile } from '@cairn/core';

const SEQUENTIAL_BYTES = 256 * 1024;
const JUMP_BYTES = 4 * 1024;
/** Reading over a gap of this size costs less than a read of its own behind it. */
const GAP_BYTES = 64 * 1024;

export class WindowReader {
  readonly #file: DiskFile;
  readonly #fileBytes: number;
  #window: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(file: DiskFile, fileBytes: number) {
    this.#file = file;
    this.#fileBytes = fileBytes;
  }

  /** Up to `bytes` bytes at `position`, fewer at the end of the file. Good until the next call. */
  async at(position: number, bytes: number): Promise<Buffer> {
    const windowEnd = this.#start + this.#window.length;
    const wanted = Math.min(bytes, Math.max(0, this.#fileBytes - position));
    if (position < this.#start || position + wanted > windowEnd) {
      const follows = position >= this.#start && position <= windowEnd + GAP_BYTES;
      const ahead = Math.min(Math.max(wanted, follows ? SEQUENTIAL_BYTES : JUMP_BYTES), this.#fileBytes - position);
      const fresh = Buffer.allocUnsafeSlow(Math.max(0, ahead));
      const count = await this.#file.read(fresh, position);
      this.#window = fresh.subarray(0, count);
      this.#start = position;
    }
    return this.#window.subarray(position - this.#start, position - this.#start + wanted);
  }
}
