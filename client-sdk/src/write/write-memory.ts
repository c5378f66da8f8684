/**
 * The memory of chunk bodies that are gathered or on their way: one budget over all puts of a client, and a few whole chunks kept
 * for reuse. A buffer's bytes are charged until the last send of it has ended, and it is used again only if every replica has
 * answered: a transport may still hold the bytes of a call that it gave up on.
 */
import { BufferPool, ByteBudget, LIMITS, pooledSize } from '@cairn/core';

export class WriteMemory {
  readonly #budget = new ByteBudget(LIMITS.clientWriteBytes);
  readonly #pool = new BufferPool(LIMITS.clientWriteBytes / 2);

  get usedBytes(): number {
    return this.#budget.usedBytes;
  }

  /** A buffer for so many bytes; waits for room. @throws CANCELLED when the signal is aborted meanwhile. */
  async take(capacity: number, signal?: AbortSignal): Promise<ChunkBuffer> {
    const atOnce = this.tryTake(capacity);
    if (atOnce !== undefined) return atOnce;
    const giveBack = await this.#budget.take(pooledSize(capacity), signal);
    return this.#buffer(capacity, giveBack);
  }

  /** @returns undefined when it would have to wait. */
  tryTake(capacity: number): ChunkBuffer | undefined {
    const giveBack = this.#budget.tryTake(pooledSize(capacity));
    return giveBack === undefined ? undefined : this.#buffer(capacity, giveBack);
  }

  /** Never zero-filled: every byte that is sent was written by `fill` before. */
  #buffer(capacity: number, giveBack: () => void): ChunkBuffer {
    const room = this.#pool.take(capacity);
    const release = (isReusable: boolean) => {
      if (isReusable) this.#pool.give(room);
      giveBack();
    };
    return new ChunkBuffer({ room, capacity, release });
  }
}

interface ChunkBufferOptions {
  room: Uint8Array;
  /** At most the room's length. */
  capacity: number;
  release: (isReusable: boolean) => void;
}

/** Room for one chunk's bytes, shared by those who fill and send it. */
export class ChunkBuffer {
  readonly capacity: number;
  readonly #room: Uint8Array;
  readonly #release: (isReusable: boolean) => void;
  #used = 0;
  #holders = 1;
  #isReusable = true;

  constructor({ room, capacity, release }: ChunkBufferOptions) {
    this.capacity = capacity;
    this.#room = room;
    this.#release = release;
  }

  /** What was filled in so far. */
  get bytes(): Uint8Array {
    return this.#used === this.#room.length ? this.#room : this.#room.subarray(0, this.#used);
  }

  get length(): number {
    return this.#used;
  }

  /** Copies from `source`, beginning at `from`. @returns How many bytes fitted. */
  fill(source: Uint8Array, from = 0): number {
    const count = Math.min(source.length - from, this.capacity - this.#used);
    this.#room.set(count === source.length ? source : source.subarray(from, from + count), this.#used);
    this.#used += count;
    return count;
  }

  hold(): void {
    this.#holders += 1;
  }

  /** To be called once by its maker and once for each `hold`. */
  release(options: { reusable: boolean } = { reusable: true }): void {
    this.#holders -= 1;
    this.#isReusable &&= options.reusable;
    if (this.#holders === 0) this.#release(this.#isReusable);
  }
}
