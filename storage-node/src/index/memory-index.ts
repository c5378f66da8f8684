/** ChunkIndex in memory, for the in-memory disk. The store outlives the index, as a folder outlives a process. */
import type { ChunkId, VolumeId } from '@cairn/core';
import { CairnError } from '@cairn/core';
import type { Checkpoint, ChunkIndex, IndexEntry, IndexUpdate } from './chunk-index.ts';

/** How many of the last writes a power cut may take back. */
const UNDOABLE_WRITES = 64;

export class MemoryIndexStore {
  readonly entries = new Map<VolumeId, Map<ChunkId, IndexEntry>>();
  readonly checkpoints = new Map<VolumeId, Checkpoint>();
  readonly #undo: (() => void)[] = [];
  #opened = false;

  /** @throws DATA_DIR_LOCKED while an index on this store is open. */
  open(): ChunkIndex {
    if (this.#opened) throw new CairnError('DATA_DIR_LOCKED');
    this.#opened = true;
    return new MemoryIndex(this, () => {
      this.#opened = false;
    });
  }

  /** What a crash does: the lock is gone, and so are the last `writesLost` writes. */
  crash(writesLost = 0): void {
    this.#opened = false;
    for (let lost = 0; lost < writesLost; lost++) this.#undo.pop()?.();
  }

  wipe(): void {
    this.entries.clear();
    this.checkpoints.clear();
    this.#undo.length = 0;
  }

  remember(undo: () => void): void {
    this.#undo.push(undo);
    if (this.#undo.length > UNDOABLE_WRITES) this.#undo.shift();
  }
}

class MemoryIndex implements ChunkIndex {
  readonly #store: MemoryIndexStore;
  readonly #onClose: () => void;

  constructor(store: MemoryIndexStore, onClose: () => void) {
    this.#store = store;
    this.#onClose = onClose;
  }

  get(volumeId: VolumeId, chunkId: ChunkId): IndexEntry | undefined {
    return this.#store.entries.get(volumeId)?.get(chunkId);
  }

  checkpoint(volumeId: VolumeId): Checkpoint | undefined {
    return this.#store.checkpoints.get(volumeId);
  }

  volumes(): VolumeId[] {
    return [...this.#store.checkpoints.keys()];
  }

  async write(updates: readonly IndexUpdate[]): Promise<void> {
    const undo: (() => void)[] = [];
    for (const { volumeId, entries, checkpoint } of updates) {
      const volume = this.#volume(volumeId);
      for (const { chunkId, kind, offset, payloadBytes } of entries) {
        undo.push(replace(volume, chunkId, { kind, offset, payloadBytes }));
      }
      if (checkpoint !== undefined) undo.push(replace(this.#store.checkpoints, volumeId, checkpoint));
    }
    this.#store.remember(() => {
      for (const step of undo.reverse()) step();
    });
  }

  async clear(volumeId: VolumeId): Promise<void> {
    this.#store.checkpoints.delete(volumeId);
    this.#store.entries.delete(volumeId);
  }

  async close(): Promise<void> {
    this.#onClose();
  }

  #volume(volumeId: VolumeId): Map<ChunkId, IndexEntry> {
    let volume = this.#store.entries.get(volumeId);
    if (volume === undefined) {
      volume = new Map();
      this.#store.entries.set(volumeId, volume);
    }
    return volume;
  }
}

/** @returns How to take it back. */
function replace<K, V>(map: Map<K, V>, key: K, value: V): () => void {
  const before = map.get(key);
  map.set(key, value);
  return () => {
    if (before === undefined) map.delete(key);
    else map.set(key, before);
  };
}
