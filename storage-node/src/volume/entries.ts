/**
 * The entries of one volume: those not yet in the index lie over it in memory. An entry is `pending` while its record waits for the
 * sync, `durable` from then on, `indexed` when the index has it, or `failed`. Only durable and indexed entries are read from;
 * contents count an entry when it becomes durable, in the order of the log.
 */
import type { ChunkId, VolumeId } from '@cairn/core';
import type { ChunkIndex, EntryKind, IndexEntry, IndexUpdate } from '../index/chunk-index.ts';
import { Contents, type Totals } from './contents.ts';

export interface RecentEntry extends IndexEntry {
  readonly chunkId: ChunkId;
  state: 'pending' | 'durable' | 'indexed' | 'failed';
  /** What the chunk was before this entry. Let go once this one counts. */
  previous: RecentEntry | IndexEntry | undefined;
  /** Of a pending entry that was appended just now: settles when it is durable or failed. */
  settled: Promise<void> | undefined;
}

export interface EntriesOptions {
  volumeId: VolumeId;
  index: ChunkIndex;
  totals?: Totals | undefined;
}

export class Entries {
  readonly #volumeId: VolumeId;
  readonly #index: ChunkIndex;
  readonly #recent = new Map<ChunkId, RecentEntry>();
  readonly contents: Contents;
  #unindexed: RecentEntry[] = [];

  constructor(options: EntriesOptions) {
    this.#volumeId = options.volumeId;
    this.#index = options.index;
    this.contents = new Contents(options.totals);
  }

  /** Entries that are durable and not yet in the index. */
  get unindexed(): number {
    return this.#unindexed.length;
  }

  /** The last entry of the chunk, which may be pending. */
  latest(chunkId: ChunkId): RecentEntry | IndexEntry | undefined {
    return this.#recent.get(chunkId) ?? this.#index.get(this.#volumeId, chunkId);
  }

  /** The last entry that is durable. A pending tombstone hides the chunk already. */
  readable(chunkId: ChunkId): IndexEntry | undefined {
    const entry = this.latest(chunkId);
    return entry !== undefined && isPending(entry) && entry.kind !== 'tombstone' ? undefined : entry;
  }

  add(chunkId: ChunkId, entry: { kind: EntryKind; offset: number; payloadBytes: number }): RecentEntry {
    const { kind, offset, payloadBytes } = entry;
    const previous = this.latest(chunkId);
    const recent: RecentEntry = { chunkId, kind, offset, payloadBytes, state: 'pending', previous, settled: undefined };
    this.#recent.set(chunkId, recent);
    return recent;
  }

  becameDurable(entry: RecentEntry): void {
    entry.state = 'durable';
    this.contents.replace(entry.chunkId, entry.previous, entry);
    entry.previous = undefined;
    this.#unindexed.push(entry);
  }

  becameFailed(entry: RecentEntry): void {
    entry.state = 'failed';
    if (this.#recent.get(entry.chunkId) !== entry) return;
    let standing = entry.previous;
    while (standing !== undefined && 'state' in standing && standing.state === 'failed') standing = standing.previous;
    if (standing !== undefined && 'state' in standing && standing.state !== 'indexed') {
      this.#recent.set(entry.chunkId, standing);
    } else this.#recent.delete(entry.chunkId);
  }

  /** Takes what is to be written to the index; `written` or `notWritten` must follow. */
  take(): RecentEntry[] {
    const taken = this.#unindexed;
    this.#unindexed = [];
    return taken;
  }

  written(update: readonly RecentEntry[]): void {
    for (const entry of update) {
      entry.state = 'indexed';
      if (this.#recent.get(entry.chunkId) === entry) this.#recent.delete(entry.chunkId);
    }
  }

  notWritten(update: RecentEntry[]): void {
    this.#unindexed = [...update, ...this.#unindexed];
  }

  /** Moves everything into the index, without a checkpoint: for a rebuild that would fill the memory. */
  async spill(): Promise<void> {
    const entries = this.take();
    const update: IndexUpdate = { volumeId: this.#volumeId, entries };
    await this.#index.write([update]);
    this.written(entries);
  }
}

function isPending(entry: RecentEntry | IndexEntry): boolean {
  return 'state' in entry && entry.state === 'pending';
}
