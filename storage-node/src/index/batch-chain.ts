/**
 * Finds writes that LevelDB lost from the middle. It is written without sync, and it skips what it cannot read of its own log
 * without a word, so after a power cut (or a flipped bit) a later write may be there and an earlier one not. Each write therefore leaves a
 * numbered row, kept until LevelDB must have moved the write from its log into a synced table; rows that are not
 * consecutive at open mean that the index must be built anew.
 */
import { decodeBatchRow, encodeBatchRow, ownKey, ownKeyNumber } from '../format/index-row.ts';

/** Three of LevelDB's write buffers (4 MiB): one being filled, one being flushed, and one to be sure. */
const KEPT_BYTES = 12 * 1024 * 1024;

interface KeptRow {
  number: number;
  bytes: number;
}

/** Puts and deletes of one write. */
export interface RowWrites {
  put(key: Buffer, value: Buffer): unknown;
  del(key: Buffer): unknown;
}

export class BatchChain {
  readonly #kept: KeptRow[];
  #keptBytes: number;
  #last: number;

  private constructor(kept: KeptRow[]) {
    this.#kept = kept;
    this.#keptBytes = kept.reduce((sum, row) => sum + row.bytes, 0);
    this.#last = kept.at(-1)?.number ?? 0;
  }

  /** @returns undefined when a row between the lowest that must be there and the last is missing. */
  static check(rows: readonly [key: Buffer, value: Buffer][]): BatchChain | undefined {
    const last = rows.at(-1);
    if (last === undefined) return new BatchChain([]);
    const { lowest } = decodeBatchRow(last[1]);
    const kept = rows.map(([key, value]) => ({ number: ownKeyNumber(key), bytes: decodeBatchRow(value).bytes }));
    const due = kept.filter((row) => row.number >= lowest);
    const unbroken = due.every((row, place) => row.number === lowest + place);
    return unbroken && due.length > 0 ? new BatchChain(kept) : undefined;
  }

  /** Adds this write's row, and drops those that are old enough. */
  extend(writes: RowWrites, bytes: number): void {
    this.#last += 1;
    this.#kept.push({ number: this.#last, bytes });
    this.#keptBytes += bytes;
    let dropped = 0;
    for (; this.#keptBytes > KEPT_BYTES && dropped < this.#kept.length - 1; dropped++) {
      const row = this.#kept[dropped] as KeptRow;
      this.#keptBytes -= row.bytes;
      writes.del(ownKey('b', row.number));
    }
    this.#kept.splice(0, dropped);
    const lowest = (this.#kept[0] as KeptRow).number;
    writes.put(ownKey('b', this.#last), encodeBatchRow({ lowest, bytes }));
  }
}
