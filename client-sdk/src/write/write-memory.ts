/**
 * The memory of chunk bodies that are gathered or on their way: one budget over all puts of a client, and a few whole chunks kept
 * for reuse. A buffer's bytes are charged until the last send of it has ended, and it is used again only if every replica has
 * answered: a transport may still hold the bytes of a call that it gave up on.
 */
import { ByteBudget, LIMITS } from '@cairn/core';

/** Smaller buffers are made anew: the allocator is as quick as a pool. */
const POOLED_BYTES_MIN = 256 * 1024;
const POOLED_BYTES_TOTAL = LIMITS.clientWriteBytes / 3;

export class WriteMemory {
  readonly #budget = new ByteBudget(LIMITS.clientWriteBytes);
  readonly #pooled = new Map<number, Uint8Array[]>();
  #pooledBytes = 0;

  get usedBytes(): number {
    return this.#budget.usedBytes;
  }

  /** Waits for room. @throws CANCELLED when the signal is aborted meanwhile. */
  async take(bytes: number, signal?: AbortSignal): Promise<ChunkBuffer> {
    const atOnce = this.tryTake(bytes);
    if (atOnce !== undefined) return atOnce;
    const giveBack = await this.#budget.take(bytes, signal);
    return new ChunkBuffer(this, this.#allocate(bytes), giveBack);
  }

  /** @returns undefined when it would have to wait. */
  tryTake(bytes: number): ChunkBuffer | undefined {
    const giveBack = this.#budget.tryTake(bytes);
    return giveBack === undefined ? undefined : new ChunkBuffer(this, this.#allocate(bytes), giveBack);
  }

  keep(bytes: Uint8Array): void {
    if (bytes.length < POOLED_BYTES_MIN || this.#pooledBytes + bytes.length > POOLED_BYTES_TOTAL) return;
    const same = this.#pooled.get(bytes.length);
    if (same === undefined) this.#pooled.set(bytes.length, [bytes]);
    else same.push(bytes);
    this.#pooledBytes += bytes.length;
  }

  /** Never zero-filled: every byte that is sent was written by `fill` before. */
  #allocate(bytes: number): Uint8Array {
    const kept = this.#pooled.get(bytes)?.pop();
    if (kept === undefined) return Buffer.allocUnsafe(bytes);
    this.#pooledBytes -= kept.length;
    return kept;
  }
}

/** Room for one chunk's bytes, shared by those who fill and send it. */
export class ChunkBuffer {
  readonly #memory: WriteMemory;
  readonly #room: Uint8Array;
  readonly #giveBack: () => void;
  #used = 0;
  #holders = 1;
  #isReusable = true;

  constructor(memory: WriteMemory, room: Uint8Array, giveBack: () => void) {
    this.#memory = memory;
    this.#room = room;
    this.#giveBack = giveBack;
  }

  get capacity(): number {
    return this.#room.length;
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
    const count = Math.min(source.length - from, this.#room.length - this.#used);
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
    if (this.#holders > 0) return;
    if (this.#isReusable) this.#memory.keep(this.#room);
    this.#giveBack();
  }
}
