/**
 * Writes what volumes have made durable into the index, a little later and for all volumes at once: entries lie in memory until
 * then, so a crash costs a short scan. When the index cannot be written the node must stop taking chunks (`failure`), or its memory
 * would fill; the write is tried again until it succeeds.
 */
import { CairnError, type Clock, failpoint, type Log, type Timer, type VolumeId } from '@cairn/core';
import type { RecentEntry } from '../volume/entries.ts';
import type { Checkpoint, ChunkIndex } from './chunk-index.ts';

/** What the writer needs of a volume. Taken entries come back by one of the two calls, before more are taken. */
export interface IndexedVolume {
  readonly id: VolumeId;
  takeUnindexed(): { entries: RecentEntry[]; checkpoint: Checkpoint };
  indexed(entries: readonly RecentEntry[]): void;
  notIndexed(entries: RecentEntry[]): void;
}

export interface IndexWriterOptions {
  index: ChunkIndex;
  clock: Clock;
  log: Log;
}

/** How long an entry waits for others, unless so many wait already. */
const GATHER_MS = 50;
const GATHER_ENTRIES = 1024;
const RETRY_MS = 1000;

export class IndexWriter {
  readonly #options: IndexWriterOptions;
  readonly #changed = new Set<IndexedVolume>();
  #waitingEntries = 0;
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #failure: CairnError | undefined;

  constructor(options: IndexWriterOptions) {
    this.#options = options;
  }

  /** Why the index cannot be written now. */
  get failure(): CairnError | undefined {
    return this.#failure;
  }

  /** Changes that are not in the index yet. */
  get backlog(): number {
    return this.#waitingEntries;
  }

  /** The volume has changed by one entry, or otherwise. */
  touch(volume: IndexedVolume): void {
    this.#changed.add(volume);
    this.#waitingEntries += 1;
    if (this.#writing !== undefined) return;
    if (this.#waitingEntries >= GATHER_ENTRIES && this.#failure === undefined) this.#start();
    else this.#timer ??= this.#schedule(GATHER_MS);
  }

  /** Writes everything that is there now; an error is kept as `failure`. */
  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#changed.size > 0) await this.#write();
  }

  #schedule(delayMs: number): Timer {
    return this.#options.clock.schedule(delayMs, () => this.#start(), { background: true });
  }

  #start(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
      if (this.#failure !== undefined) this.#timer ??= this.#schedule(RETRY_MS);
      else if (this.#waitingEntries >= GATHER_ENTRIES) this.#start();
      else if (this.#changed.size > 0) this.#timer ??= this.#schedule(GATHER_MS);
    });
  }

  async #write(): Promise<void> {
    // Never inside a log's commit: all entries of a batch belong to one checkpoint.
    await undefined;
    const volumes = [...this.#changed];
    const counted = this.#waitingEntries;
    this.#changed.clear();
    const taken = volumes.map((volume) => ({ volume, ...volume.takeUnindexed() }));
    try {
      await this.#options.index.write(
        taken.map(({ volume, entries, checkpoint }) => ({ volumeId: volume.id, entries, checkpoint })),
      );
    } catch (thrown) {
      for (const { volume, entries } of taken) {
        volume.notIndexed(entries);
        this.#changed.add(volume);
      }
      if (this.#failure === undefined) this.#options.log.error({ err: thrown }, 'the chunk index cannot be written');
      const words = thrown instanceof Error ? thrown.message : String(thrown);
      this.#failure = new CairnError('DISK_FAILED', `the chunk index cannot be written: ${words}`, { cause: thrown });
      return;
    }
    this.#waitingEntries -= counted;
    this.#failure = undefined;
    for (const { volume, entries } of taken) volume.indexed(entries);
    failpoint('index.afterBatch');
  }
}
