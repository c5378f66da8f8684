/**
 * ChunkIndex: where in a volume's log each chunk lies. It follows the log and never leads it: every entry can be found again by
 * reading logs, so an index that is lost, behind or damaged costs time and no data.
 *
 * The one promise an adapter must keep: what survives a crash is a prefix of the `write` calls, each whole or absent. A checkpoint that is
 * there therefore vouches for every entry before it. An adapter that finds more missing than the end opens empty.
 */
import type { CairnError, ChunkId, Log, ReplicaState, VolumeId } from '@cairn/core';

/** `damaged`: it was there, and its bytes were found not to verify; it is not served and may be put again. */
export type EntryKind = 'chunk' | 'tombstone' | 'damaged';

export interface IndexEntry {
  readonly kind: EntryKind;
  /** Of the record in the log. */
  readonly offset: number;
  readonly payloadBytes: number;
}

/** What the log up to `offset` amounts to. Everything before `offset` was durable when this was written. */
export interface Checkpoint {
  readonly offset: number;
  readonly generation: number;
  readonly state: ReplicaState;
  readonly liveChunks: number;
  readonly liveBytes: number;
  readonly tombstones: number;
  readonly damagedChunks: number;
  readonly digest: bigint;
}

export interface IndexUpdate {
  volumeId: VolumeId;
  entries: readonly (IndexEntry & { readonly chunkId: ChunkId })[];
  /** Left out while a rebuild is under way. */
  checkpoint?: Checkpoint | undefined;
}

export interface ChunkIndex {
  get(volumeId: VolumeId, chunkId: ChunkId): IndexEntry | undefined;
  checkpoint(volumeId: VolumeId): Checkpoint | undefined;
  /** Volumes that have a checkpoint. */
  volumes(): VolumeId[];
  /** Applies all updates or none. One call at a time. */
  write(updates: readonly IndexUpdate[]): Promise<void>;
  /** Forgets a volume, its checkpoint first. */
  clear(volumeId: VolumeId): Promise<void>;
  close(): Promise<void>;
}

export interface OpenIndexOptions {
  folder: string;
  log: Log;
  /** The index was found damaged while in use: the process should end, and the next one builds it anew. */
  onDamage: (error: CairnError) => void;
}

/** Opens an index, empty when there is none or it is unusable. Errors: DATA_DIR_LOCKED, DISK_FAILED. */
export type OpenIndex = (options: OpenIndexOptions) => Promise<ChunkIndex>;
