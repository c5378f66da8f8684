/**
 * One replica of a volume: a set of chunks in an append-only log. Nothing of a chunk is ever changed in place; a tombstone wins over
 * presence and over later puts. `open` takes chunks, `sealed` takes tombstones only, `failed` takes nothing; reads always go on.
 */
import {
  CairnError,
  type ChunkId,
  type DiskFile,
  type PutChunkRequest,
  type ReplicaState,
  type VolumeId,
  type VolumeReport,
} from '@cairn/core';
import { HEAD_BYTES_MIN, NO_CHUNK, NO_VERSION, type RecordType, recordBytes } from '../format/record.ts';
import type { Checkpoint, IndexEntry } from '../index/chunk-index.ts';
import type { NewRecord } from '../log/batch.ts';
import type { VolumeLog } from '../log/volume-log.ts';
import { readHead } from './chunk-file.ts';
import type { Entries, RecentEntry } from './entries.ts';

const NOTHING = new Uint8Array(0);

export interface VolumeOptions {
  id: VolumeId;
  file: DiskFile;
  log: VolumeLog;
  entries: Entries;
  generation: number;
  state: ReplicaState;
  /** The log does not grow beyond this, but an empty volume takes one chunk of any size. */
  volumeBytes: number;
  /** Told after each change that the index does not know yet. */
  onChange: (volume: Volume) => void;
}

export class Volume {
  readonly id: VolumeId;
  readonly file: DiskFile;
  readonly #log: VolumeLog;
  readonly #entries: Entries;
  readonly #volumeBytes: number;
  readonly #onChange: (volume: Volume) => void;
  #generation: number;
  #state: ReplicaState;
  #sealing = false;
  #changes = 0;

  constructor(options: VolumeOptions) {
    this.id = options.id;
    this.file = options.file;
    this.#log = options.log;
    this.#entries = options.entries;
    this.#volumeBytes = options.volumeBytes;
    this.#onChange = options.onChange;
    this.#generation = options.generation;
    this.#state = options.state;
  }

  get generation(): number {
    return this.#generation;
  }

  get state(): ReplicaState {
    return this.#state;
  }

  get logBytes(): number {
    return this.#log.end;
  }

  /** Grows with every change of the report. */
  get changes(): number {
    return this.#changes;
  }

  report(): VolumeReport {
    const { liveBytes, liveChunks, tombstones, damagedChunks, digest } = this.#entries.contents.totals;
    return {
      volumeId: this.id,
      generation: this.#generation,
      state: this.#state,
      logBytes: this.#log.durableEnd,
      liveBytes,
      liveChunks,
      tombstones,
      digest: digest.toString(16).padStart(16, '0'),
      damagedChunks,
    };
  }

  /**
   * Resolves when the chunk is durable. Its payload is taken as verified.
   * @throws GENERATION_STALE, VOLUME_SEALED, VOLUME_FAILED, VOLUME_FULL, DISK_FULL; INVALID_ARGUMENT when the id is taken or deleted.
   */
  async put(request: PutChunkRequest): Promise<void> {
    this.#refuseOlder(request.generation);
    if (this.#state === 'failed') throw this.#failure();
    const known = this.#entries.latest(request.chunkId);
    if (known !== undefined && known.kind !== 'damaged') return await this.#putAgain(known, request);
    if (this.#state === 'sealed' || this.#sealing) throw new CairnError('VOLUME_SEALED');
    const { chunkId, payload } = request;
    const bytes = recordBytes('chunk', payload.length);
    if (this.#log.end + bytes > this.#volumeBytes && this.#log.end > HEAD_BYTES_MIN)
      throw new CairnError('VOLUME_FULL');
    const record: NewRecord = {
      type: 'chunk',
      volumeId: this.id,
      chunkId,
      versionId: request.versionId,
      chunkIndex: request.chunkIndex,
      payloadBytes: payload.length,
      generation: this.#generation,
      blockChecksums: request.blockChecksums,
    };
    await this.#appendEntry(record, payload);
  }

  /** Resolves when tombstones of all are durable. */
  async delete(chunkIds: readonly ChunkId[]): Promise<void> {
    if (this.#state === 'failed') throw this.#failure();
    const appended: Promise<void>[] = [];
    for (const chunkId of chunkIds) {
      const known = this.#entries.latest(chunkId);
      if (known?.kind !== 'tombstone') appended.push(this.#appendEntry(this.#bare('tombstone', chunkId), NOTHING));
      else if ('settled' in known && known.settled !== undefined) appended.push(known.settled);
    }
    await Promise.all(appended);
  }

  /** Takes no more chunks, durably. A failed replica stays failed. */
  async seal(generation: number): Promise<void> {
    this.#refuseOlder(generation);
    if (this.#state === 'failed') return;
    if (this.#state === 'sealed' && generation === this.#generation) return;
    this.#sealing = true;
    await this.#appendState('seal', generation);
  }

  /** The leader has given an open replica a new generation. */
  async raiseGeneration(generation: number): Promise<void> {
    this.#refuseOlder(generation);
    if (this.#state === 'failed') throw this.#failure();
    if (this.#state === 'sealed' || this.#sealing) throw new CairnError('VOLUME_SEALED');
    if (generation > this.#generation) await this.#appendState('volume', generation);
  }

  /** @throws CHUNK_NOT_FOUND, CHUNK_CORRUPT. */
  locate(chunkId: ChunkId): IndexEntry {
    const entry = this.#entries.readable(chunkId);
    if (entry === undefined || entry.kind === 'tombstone') throw new CairnError('CHUNK_NOT_FOUND');
    if (entry.kind === 'damaged') throw new CairnError('CHUNK_CORRUPT');
    return entry;
  }

  /** What was found at `entry` does not verify: the chunk is served no more. @returns false when that is no news. */
  markDamaged(chunkId: ChunkId, { offset, payloadBytes }: IndexEntry): boolean {
    const known = this.#entries.latest(chunkId);
    if (known?.kind !== 'chunk' || known.offset !== offset) return false;
    this.#entries.becameDurable(this.#entries.add(chunkId, { kind: 'damaged', offset, payloadBytes }));
    this.#changed();
    return true;
  }

  /** The log failed. */
  fail(): void {
    this.#state = 'failed';
    this.#changed();
  }

  /** What the index is to be told; `indexed` or `notIndexed` must follow before the next call. */
  takeUnindexed(): { entries: RecentEntry[]; checkpoint: Checkpoint } {
    const { totals } = this.#entries.contents;
    const offset = this.#log.durableEnd;
    const checkpoint = { offset, generation: this.#generation, state: this.#state, ...totals };
    return { entries: this.#entries.take(), checkpoint };
  }

  indexed(entries: readonly RecentEntry[]): void {
    this.#entries.written(entries);
  }

  notIndexed(entries: RecentEntry[]): void {
    this.#entries.notWritten(entries);
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  #appendEntry(record: NewRecord, payload: Uint8Array): Promise<void> {
    const kind = record.type === 'chunk' ? 'chunk' : 'tombstone';
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const offset = this.#log.append(record, payload, (error) => {
      entry.settled = undefined;
      if (error !== undefined) {
        this.#entries.becameFailed(entry);
        return reject(error);
      }
      this.#entries.becameDurable(entry);
      this.#changed();
      resolve();
    });
    const entry = this.#entries.add(record.chunkId, { kind, offset, payloadBytes: payload.length });
    entry.settled = promise;
    return promise;
  }

  #appendState(type: 'seal' | 'volume', generation: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#log.append({ ...this.#bare(type, NO_CHUNK), generation }, NOTHING, (error) => {
        if (error !== undefined) return reject(error);
        this.#generation = Math.max(this.#generation, generation);
        if (type === 'seal') this.#state = 'sealed';
        this.#changed();
        resolve();
      });
    });
  }

  /** A chunk is immutable: putting it again is a repetition, or a mistake. */
  async #putAgain(known: RecentEntry | IndexEntry, request: PutChunkRequest): Promise<void> {
    if (known.kind === 'tombstone') throw new CairnError('INVALID_ARGUMENT', 'the chunk was deleted');
    if ('settled' in known) await known.settled;
    const head = await readHead(this.file, { chunkId: request.chunkId, entry: known });
    if (head === undefined) {
      this.markDamaged(request.chunkId, known);
      return await this.put(request);
    }
    if (
      Buffer.compare(head.blockChecksums, request.blockChecksums) !== 0 ||
      known.payloadBytes !== request.payload.length
    ) {
      throw new CairnError('INVALID_ARGUMENT', 'the chunk is there with other bytes');
    }
  }

  #bare(type: RecordType, chunkId: ChunkId): NewRecord {
    return {
      type,
      volumeId: this.id,
      chunkId,
      versionId: NO_VERSION,
      chunkIndex: 0,
      payloadBytes: 0,
      generation: this.#generation,
      blockChecksums: NOTHING,
    };
  }

  #refuseOlder(generation: number): void {
    if (generation < this.#generation) {
      throw new CairnError('GENERATION_STALE', `the replica is at generation ${this.#generation}, not ${generation}`);
    }
  }

  #failure(): CairnError {
    return this.#log.failure ?? new CairnError('VOLUME_FAILED');
  }

  #changed(): void {
    this.#changes += 1;
    this.#onChange(this);
  }
}
