/**
 * Large buffers that are used again. A fresh one costs a page fault per 4 KiB when it is first written, and its end costs the
 * garbage collector an unmapping: together more than copying the same bytes. Sizes are few, so that most buffers fit the
 * next use; what a burst took beyond `keptBytesMax` goes back to the system.
 */
const KIB = 1024;
const MIB = 1024 * KIB;
const SMALL_SIZES = [4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB];

/** The size of the buffer that holds so many bytes: one of few below 1 MiB, whole MiBs above. */
export function pooledSize(bytes: number): number {
  for (const size of SMALL_SIZES) if (bytes <= size) return size;
  // A chunk and its header together are a little more than whole MiBs.
  return Math.ceil(bytes / MIB) * MIB;
}

export class BufferPool {
  readonly #keptBytesMax: number;
  readonly #free = new Map<number, Buffer[]>();
  #keptBytes = 0;

  constructor(keptBytesMax: number) {
    this.#keptBytesMax = keptBytesMax;
  }

  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** @returns A buffer of `pooledSize(bytes)` bytes, of unknown content. */
  take(bytes: number): Buffer {
    const size = pooledSize(bytes);
    const kept = this.#free.get(size)?.pop();
    if (kept === undefined) return Buffer.allocUnsafeSlow(size);
    this.#keptBytes -= size;
    return kept;
  }

  /** Takes a whole buffer that came from `take` back, once, when nobody reads or writes it any more. */
  give(buffer: Buffer): void {
    if (this.#keptBytes + buffer.length > this.#keptBytesMax) return;
    this.#keptBytes += buffer.length;
    const same = this.#free.get(buffer.length);
    if (same === undefined) this.#free.set(buffer.length, [buffer]);
    else same.push(buffer);
  }
}
