/**
 * How much room there is. The node's share and the file system are looked at every now and then; in between, what was written since is
 * added. Past the read-only line puts are refused, and what is left beyond it keeps deletes, seals and the index possible.
 */
import { CairnError, type Disk, LIMITS } from '@cairn/core';

/** On top of the share of the file system that stays free: LevelDB and other processes write as well. */
const RESERVE_BYTES = 64 * 1024 * 1024;
/** A reserve never takes more than this of a small file system. */
const RESERVE_SHARE = 0.01;

export interface SpaceOptions {
  disk: Disk;
  folder: string;
  /** undefined: the whole file system. */
  capacityBytes: number | undefined;
  usedBytes: () => number;
}

export class Space {
  readonly #options: SpaceOptions;
  #capacityBytes = 0;
  #usedBytes = 0;
  #freeBytes = 0;
  #freeBytesMin = 0;

  constructor(options: SpaceOptions) {
    this.#options = options;
  }

  get capacityBytes(): number {
    return this.#capacityBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Whether the next chunk would probably be refused: the node is to get no more volumes then. */
  get nearlyFull(): boolean {
    return (
      this.refusal(Math.min(LIMITS.chunkBytesDefault, this.#capacityBytes * LIMITS.volumeShareOfNode)) !== undefined
    );
  }

  async refresh(): Promise<void> {
    const { disk, folder, capacityBytes, usedBytes } = this.#options;
    const { totalBytes, freeBytes } = await disk.space(folder);
    this.#capacityBytes = capacityBytes ?? totalBytes;
    this.#usedBytes = usedBytes();
    this.#freeBytes = freeBytes;
    const reserveBytes = Math.min(RESERVE_BYTES, totalBytes * RESERVE_SHARE);
    this.#freeBytesMin = totalBytes * (1 - LIMITS.diskReadOnlyShare) + reserveBytes;
  }

  /** Why `bytes` more are too many, or undefined. */
  refusal(bytes = 0): string | undefined {
    if (this.#usedBytes + bytes >= this.#capacityBytes * LIMITS.diskReadOnlyShare) {
      return `the node has used ${Math.round((100 * this.#usedBytes) / this.#capacityBytes)} % of its capacity`;
    }
    if (this.#freeBytes - bytes < this.#freeBytesMin) return 'the file system is nearly full';
    return undefined;
  }

  /** @throws DISK_FULL. */
  demand(bytes: number): void {
    const refusal = this.refusal(bytes);
    if (refusal !== undefined) throw new CairnError('DISK_FULL', refusal);
  }

  /** So much was written. What is in flight between the two is bounded by the memory for it. */
  took(bytes: number): void {
    this.#usedBytes += bytes;
    this.#freeBytes -= bytes;
  }
}
