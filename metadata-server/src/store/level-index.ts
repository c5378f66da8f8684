/**
 * The index of the embedded store: LevelDB, written without sync behind the journal.
 *
 * LevelDB hides a flipped bit in its write-ahead log: `open` succeeds and acknowledged keys are gone. So its write-ahead logs are
 * removed before it is opened. What it holds then is exactly what its synced tables hold, which is the effect of the commits
 * up to the row `applied` and of no other, because a memory table goes to disk as a whole and in order. The journal gives the rest.
 *
 * A row's key is the byte 1 and the bytes of the store's key; the row `applied` has the byte 0 alone. Keys go to LevelDB as bytes:
 * with text keys, `getSync` of classic-level 3.0.0 looks for a truncated one when a long key is not ASCII.
 */
import { CairnError, type Disk } from '@cairn/core';
import type { ClassicLevel } from 'classic-level';
import { Level } from 'level';
import { opened, sealed } from './envelope.ts';
import type { SealedWrite } from './journal/record.ts';
import { levelError } from './level-error.ts';
import type { StoreEntry, StoreKey, StoreRange, StoreSnapshot } from './metadata-store.ts';
import type { Applied, StoreIndex } from './store-index.ts';

type Database = ClassicLevel<Uint8Array, Uint8Array>;
type LevelSnapshot = ReturnType<Database['snapshot']>;
type ReadOptions = { snapshot?: LevelSnapshot };

const APPLIED_ROW = Buffer.from([0]);
const ROW_PREFIX = 1;
const BEHIND_ALL_ROWS = Buffer.from([2]);
/** The name under which the envelope of the row `applied` is sealed. */
const APPLIED_NAME = 'applied' as StoreKey;

const OPTIONS = {
  keyEncoding: 'view',
  valueEncoding: 'view',
  // Reads come from mapped files: a compressed block would have to be copied and unpacked at each read that misses the cache.
  compression: false,
  cacheSize: 16 * 1024 * 1024,
  writeBufferSize: 8 * 1024 * 1024,
  maxFileSize: 8 * 1024 * 1024,
} as const;

/** One native call brings what fits; the default of 16 KiB makes a page of a listing a dozen calls. */
const SCAN_BYTES = 1024 * 1024;

export class LevelIndex implements StoreIndex {
  readonly found: Applied;
  readonly #database: Database;
  readonly #disk: Disk;
  #appliedSequence: number;

  private constructor(options: { database: Database; disk: Disk; found: Applied }) {
    this.#database = options.database;
    this.#disk = options.disk;
    this.found = options.found;
    this.#appliedSequence = options.found.sequence;
  }

  /** @throws DATA_DIR_LOCKED, DISK_FULL, DISK_FAILED, or METADATA_DAMAGED when LevelDB cannot make sense of its files. */
  static async open(disk: Disk, folder: string): Promise<LevelIndex> {
    for (const name of await logs(disk, folder)) await disk.remove(`${folder}/${name}`);
    const database = new Level<Uint8Array, Uint8Array>(folder, OPTIONS) as unknown as Database;
    try {
      await database.open();
      return new LevelIndex({ database, disk, found: decodeApplied(database.getSync(APPLIED_ROW)) });
    } catch (error) {
      await database.close();
      throw levelError(error, folder);
    }
  }

  async apply(writes: readonly SealedWrite[], applied: Applied): Promise<void> {
    const batch = this.#database.batch();
    for (const { key, envelope } of writes) {
      if (envelope === undefined) batch.del(scratchRow(key));
      else batch.put(scratchRow(key), envelope);
    }
    batch.put(APPLIED_ROW, encodeApplied(applied));
    await this.#run(batch.write());
    this.#appliedSequence = applied.sequence;
  }

  async getMany(keys: readonly StoreKey[]): Promise<(Uint8Array | undefined)[]> {
    return this.#getMany(keys);
  }

  scan(range: StoreRange, options: { limit: number; reverse?: boolean }): Promise<StoreEntry[]> {
    return this.#scan(range, options, {});
  }

  async snapshot(): Promise<StoreSnapshot> {
    const snapshot = this.#database.snapshot();
    return {
      getMany: async (keys) => this.#getMany(keys, { snapshot }),
      scan: (range, options) => this.#scan(range, options, { snapshot }),
      close: () => snapshot.close(),
    };
  }

  /** LevelDB removes a write-ahead log only when the table made of it, and the manifest that names the table, are synced. */
  async flush(): Promise<number> {
    const sequence = this.#appliedSequence;
    const folder = this.#database.location;
    const before = await logs(this.#disk, folder);
    // A compaction begins with a flush of the memory table, and there is nothing to compact in an empty range.
    await this.#run(this.#database.compactRange(BEHIND_ALL_ROWS, BEHIND_ALL_ROWS));
    const after = new Set(await logs(this.#disk, folder));
    if (before.some((name) => after.has(name))) {
      throw new CairnError('DISK_FAILED', `LevelDB did not flush its memory table in ${folder}`);
    }
    return sequence;
  }

  async close(): Promise<void> {
    await this.#run(this.#database.close());
  }

  /** Synchronous reads: 3 microseconds a key from mapped files, where a task for the thread pool costs 40 and more. */
  #getMany(keys: readonly StoreKey[], options?: ReadOptions): (Uint8Array | undefined)[] {
    try {
      return keys.map((key) => {
        const row = scratchRow(key);
        const envelope = options === undefined ? this.#database.getSync(row) : this.#database.getSync(row, options);
        return envelope === undefined ? undefined : opened(key, envelope);
      });
    } catch (error) {
      throw levelError(error, this.#database.location);
    }
  }

  async #scan(
    range: StoreRange,
    options: { limit: number; reverse?: boolean },
    read: ReadOptions,
  ): Promise<StoreEntry[]> {
    if (options.limit <= 0 || range.from >= range.to) return [];
    const iterator = this.#database.iterator({
      ...read,
      gte: rowOf(range.from),
      lt: rowOf(range.to),
      limit: options.limit,
      reverse: options.reverse ?? false,
      highWaterMarkBytes: SCAN_BYTES,
    });
    const rows = await this.#run(iterator.all());
    return rows.map(([row, envelope]) => {
      const key = Buffer.from(row.buffer, row.byteOffset + 1, row.length - 1).toString('latin1') as StoreKey;
      return { key, value: opened(key, envelope) };
    });
  }

  async #run<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw levelError(error, this.#database.location);
    }
  }
}

function rowOf(key: StoreKey): Buffer {
  const row = Buffer.allocUnsafeSlow(key.length + 1);
  row[0] = ROW_PREFIX;
  row.write(key, 1, 'latin1');
  return row;
}

const scratch = Buffer.alloc(4096, ROW_PREFIX);

/** For native calls that take what they need before they return: the next call of this function overwrites the bytes. */
function scratchRow(key: StoreKey): Buffer {
  if (key.length >= scratch.length) return rowOf(key);
  scratch.write(key, 1, 'latin1');
  return scratch.subarray(0, key.length + 1);
}

async function logs(disk: Disk, folder: string): Promise<string[]> {
  return (await disk.list(folder)).filter((name) => /^\d+\.log$/.test(name));
}

function encodeApplied({ sequence, epoch }: Applied): Uint8Array {
  const value = Buffer.alloc(16);
  value.writeBigUInt64LE(BigInt(sequence), 0);
  value.writeBigUInt64LE(BigInt(epoch), 8);
  return sealed(APPLIED_NAME, value);
}

function decodeApplied(row: Uint8Array | undefined): Applied {
  if (row === undefined) return { sequence: 0, epoch: 0 };
  const value = Buffer.from(opened(APPLIED_NAME, row));
  return { sequence: Number(value.readBigUInt64LE(0)), epoch: Number(value.readBigUInt64LE(8)) };
}
