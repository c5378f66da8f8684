/** What a replica holds, as numbers that are kept up to date with every entry: reports and digests never need a scan. */
import { type ChunkId, setDigestTerm } from '@cairn/core';
import type { Checkpoint, IndexEntry } from '../index/chunk-index.ts';

export type Totals = Pick<Checkpoint, 'liveChunks' | 'liveBytes' | 'tombstones' | 'damagedChunks' | 'digest'>;

const EMPTY: Totals = { liveChunks: 0, liveBytes: 0, tombstones: 0, damagedChunks: 0, digest: 0n };

export class Contents {
  #liveChunks: number;
  #liveBytes: number;
  #tombstones: number;
  #damagedChunks: number;
  #digest: bigint;

  constructor(totals: Totals = EMPTY) {
    this.#liveChunks = totals.liveChunks;
    this.#liveBytes = totals.liveBytes;
    this.#tombstones = totals.tombstones;
    this.#damagedChunks = totals.damagedChunks;
    this.#digest = totals.digest;
  }

  get totals(): Totals {
    return {
      liveChunks: this.#liveChunks,
      liveBytes: this.#liveBytes,
      tombstones: this.#tombstones,
      damagedChunks: this.#damagedChunks,
      digest: this.#digest,
    };
  }

  /** The chunk's entry was `previous`, and is `next` from now on. */
  replace(chunkId: ChunkId, previous: IndexEntry | undefined, next: IndexEntry): void {
    if (previous !== undefined) this.#count(chunkId, previous, -1);
    this.#count(chunkId, next, 1);
  }

  /** Damage of which nobody can say whose bytes it hit. */
  addDamaged(chunks: number): void {
    this.#damagedChunks += chunks;
  }

  #count(chunkId: ChunkId, entry: IndexEntry, sign: 1 | -1): void {
    if (entry.kind === 'tombstone') this.#tombstones += sign;
    else if (entry.kind === 'damaged') this.#damagedChunks += sign;
    else {
      const term = setDigestTerm(chunkId);
      this.#liveChunks += sign;
      this.#liveBytes += sign * entry.payloadBytes;
      this.#digest = BigInt.asUintN(64, sign === 1 ? this.#digest + term : this.#digest - term);
    }
  }
}
