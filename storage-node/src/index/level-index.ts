/**
 * ChunkIndex on LevelDB, written without sync. LevelDB's own lock on the folder is also the lock of the node's data folder.
 * What does not open, or lacks a write in the middle, is deleted: the logs are the truth.
 */
import { CairnError, type ChunkId, type VolumeId } from '@cairn/core';
import { Level } from 'level';
import {
  chunkKey,
  chunkKeyRange,
  decodeCheckpoint,
  decodeEntry,
  ENTRY_BYTES,
  encodeCheckpoint,
  encodeEntry,
  INDEX_VERSION,
  ownKey,
  ownKeyNumber,
  ownKeyRange,
} from '../format/index-row.ts';
import { KEY_BYTES } from '../format/record.ts';
import { BatchChain } from './batch-chain.ts';
import type { Checkpoint, ChunkIndex, IndexEntry, IndexUpdate, OpenIndexOptions } from './chunk-index.ts';

type Rows = Level<Buffer, Buffer>;

interface Opened {
  rows: Rows;
  chain: BatchChain;
  checkpoints: Map<VolumeId, Checkpoint>;
}

/** What LevelDB counts besides key and value of a row, rounded up. */
const ROW_EXTRA_BYTES = 8;

/** @throws DATA_DIR_LOCKED, DISK_FAILED. */
export async function openLevelIndex({ folder, log, onDamage }: OpenIndexOptions): Promise<ChunkIndex> {
  const opened = await open(folder);
  if (typeof opened !== 'string') return new LevelIndex(opened, onDamage);
  log.warn({ folder, reason: opened }, 'the chunk index is unusable: it is deleted and built anew from the volumes');
  await destroy(folder).catch((thrown: unknown) => {
    throw new CairnError('DISK_FAILED', `the chunk index cannot be deleted: ${levelError(thrown).message}`, {
      cause: thrown,
    });
  });
  const fresh = await open(folder);
  if (typeof fresh === 'string') throw new CairnError('DISK_FAILED', `a new chunk index is unusable: ${fresh}`);
  return new LevelIndex(fresh, onDamage);
}

/**
 * @returns The reason, when the index cannot be used. Whatever it is, building anew loses nothing; if the disk itself is the
 * reason, that fails as well.
 */
async function open(folder: string): Promise<Opened | string> {
  const rows: Rows = new Level(folder, { keyEncoding: 'buffer', valueEncoding: 'buffer', compression: false });
  try {
    await rows.open();
  } catch (thrown) {
    const { code, message } = levelError(thrown);
    if (code === 'LEVEL_LOCKED') {
      throw new CairnError('DATA_DIR_LOCKED', `another process uses this data folder (it holds ${folder}/LOCK)`);
    }
    return message;
  }
  const reason = await load(rows);
  if (typeof reason === 'string') await rows.close();
  return reason;
}

async function load(rows: Rows): Promise<Opened | string> {
  try {
    const version = rows.getSync(ownKey('v'));
    if (version === undefined) await rows.put(ownKey('v'), Buffer.from([INDEX_VERSION]));
    else if (version[0] !== INDEX_VERSION) return `its version is ${version[0]}, not ${INDEX_VERSION}`;
    if (rows.getSync(ownKey('d')) !== undefined) return 'damage was found while it was in use';
    const chain = BatchChain.check(await rows.iterator(ownKeyRange('b')).all());
    if (chain === undefined) return 'writes are missing from its middle';
    const checkpoints = new Map<VolumeId, Checkpoint>();
    for (const [key, value] of await rows.iterator(ownKeyRange('c')).all()) {
      const checkpoint = decodeCheckpoint(value);
      if (checkpoint === undefined) return 'a checkpoint is unreadable';
      checkpoints.set(ownKeyNumber(key) as VolumeId, checkpoint);
    }
    return { rows, chain, checkpoints };
  } catch (thrown) {
    return levelError(thrown).message;
  }
}

class LevelIndex implements ChunkIndex {
  readonly #rows: Rows;
  readonly #chain: BatchChain;
  readonly #checkpoints: Map<VolumeId, Checkpoint>;

  readonly #onDamage: (error: CairnError) => void;

  constructor({ rows, chain, checkpoints }: Opened, onDamage: (error: CairnError) => void) {
    this.#onDamage = onDamage;
    this.#rows = rows;
    this.#chain = chain;
    this.#checkpoints = checkpoints;
  }

  get(volumeId: VolumeId, chunkId: ChunkId): IndexEntry | undefined {
    let value: Buffer | undefined;
    try {
      // Measured: 0.6 us for a miss and 5 us for a hit, where the asynchronous get takes 8 us.
      value = this.#rows.getSync(chunkKey(volumeId, chunkId));
    } catch (thrown) {
      throw this.#damaged(thrown);
    }
    if (value === undefined) return undefined;
    const entry = decodeEntry(value);
    if (entry === undefined) throw this.#damaged(new Error('an entry is unreadable'));
    return entry;
  }

  checkpoint(volumeId: VolumeId): Checkpoint | undefined {
    return this.#checkpoints.get(volumeId);
  }

  volumes(): VolumeId[] {
    return [...this.#checkpoints.keys()];
  }

  async write(updates: readonly IndexUpdate[]): Promise<void> {
    const batch = this.#rows.batch();
    const count = updates.reduce((sum, update) => sum + update.entries.length, 0);
    const values = Buffer.allocUnsafe(count * ENTRY_BYTES);
    let at = 0;
    for (const { volumeId, entries, checkpoint } of updates) {
      for (const entry of entries) {
        encodeEntry(values, at, entry);
        batch.put(chunkKey(volumeId, entry.chunkId), values.subarray(at, at + ENTRY_BYTES));
        at += ENTRY_BYTES;
      }
      if (checkpoint !== undefined) batch.put(ownKey('c', volumeId), encodeCheckpoint(checkpoint));
    }
    this.#chain.extend(batch, count * (KEY_BYTES + ENTRY_BYTES + ROW_EXTRA_BYTES) + updates.length * 100);
    await batch.write();
    for (const { volumeId, checkpoint } of updates) {
      if (checkpoint !== undefined) this.#checkpoints.set(volumeId, checkpoint);
    }
  }

  async clear(volumeId: VolumeId): Promise<void> {
    this.#checkpoints.delete(volumeId);
    await this.#rows.del(ownKey('c', volumeId));
    await this.#rows.clear(chunkKeyRange(volumeId));
  }

  close(): Promise<void> {
    return this.#rows.close();
  }

  /** Leaves a row that makes the next start build the index anew. */
  #damaged(thrown: unknown): CairnError {
    this.#rows.put(ownKey('d'), Buffer.alloc(0)).catch(() => undefined);
    const { message } = levelError(thrown);
    const error = new CairnError('DISK_FAILED', `the chunk index is damaged: ${message}; a restart builds it anew`);
    this.#onDamage(error);
    return error;
  }
}

/** LevelDB's own code and words; `level` wraps them as the cause of its errors. */
function levelError(thrown: unknown): { code: string; message: string } {
  const outer = thrown as { code?: string; message?: string; cause?: { code?: string; message?: string } };
  const inner = outer.cause ?? outer;
  return { code: inner.code ?? '', message: inner.message ?? String(thrown) };
}

/** The types of `level` leave out what its Node implementation has. */
async function destroy(folder: string): Promise<void> {
  await (Level as unknown as { destroy(folder: string): Promise<void> }).destroy(folder);
}
