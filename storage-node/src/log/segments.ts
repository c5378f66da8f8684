/**
 * Buffers that a batch of records is gathered in. They come back when the batch is written, so that a busy log allocates nothing
 * per record; what a burst took beyond `KEPT` goes to the garbage collector.
 */
const SEGMENT_BYTES = 256 * 1024;
const KEPT = 16;

export class Segments {
  readonly #free: Buffer[] = [];

  /** @returns A buffer of at least `bytes`, of unknown content. */
  take(bytes: number): Buffer {
    if (bytes > SEGMENT_BYTES) return Buffer.allocUnsafeSlow(bytes);
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(SEGMENT_BYTES);
  }

  give(segment: Buffer): void {
    if (segment.length === SEGMENT_BYTES && this.#free.length < KEPT) this.#free.push(segment);
  }
}
