/** A metadata folder of a test, which can be copied and damaged. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { hasCode, type Log, realClock, realDisk, silentLog } from '@cairn/core';
import type { MetadataStore, StoreKey } from './metadata-store.ts';
import { openMetadataStore } from './open-metadata-store.ts';

export class StoreFolder {
  readonly path: string;

  constructor() {
    this.path = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-store-'));
  }

  open(options: { url?: string; segmentBytesMax?: number; log?: Log } = {}): Promise<MetadataStore> {
    const { url = 'level:', ...rest } = options;
    return openMetadataStore(url, { dataDir: this.path, disk: realDisk, clock: realClock, log: silentLog, ...rest });
  }

  /** What kill -9 would leave at this moment, when nothing is being written. */
  copy(): StoreFolder {
    const copy = new StoreFolder();
    fs.cpSync(this.path, copy.path, { recursive: true });
    return copy;
  }

  /** Becomes the same as the other one again. */
  become(other: StoreFolder): void {
    fs.rmSync(this.path, { recursive: true });
    fs.cpSync(other.path, this.path, { recursive: true });
  }

  /** Files below `folder` whose name matches, with their sizes; the largest first. */
  files(folder: 'journal' | 'index', name: RegExp): { path: string; bytes: number }[] {
    const below = path.join(this.path, folder);
    return fs
      .readdirSync(below)
      .filter((each) => name.test(each))
      .map((each) => ({ path: path.join(below, each), bytes: fs.statSync(path.join(below, each)).size }))
      .sort((a, b) => b.bytes - a.bytes);
  }

  /** The name and the content of every journal file. */
  journalBytes(): string {
    return this.files('journal', /journal$/)
      .map((file) => `${file.path} ${fs.readFileSync(file.path).toString('base64')}`)
      .join('\n');
  }

  remove(): void {
    fs.rmSync(this.path, { recursive: true });
  }
}

export function flipBit(file: string, offset: number, bit = offset % 8): void {
  const bytes = fs.readFileSync(file);
  bytes[offset] = (bytes[offset] as number) ^ (1 << bit);
  fs.writeFileSync(file, bytes);
}

/** Commits rows `r0`, `r1`, ... in commits of `perCommit`, and overwrites and removes some, so that order matters. */
export async function fill(store: MetadataStore, options: { commits: number; perCommit: number; valueBytes?: number }) {
  const rows = new Map<StoreKey, Buffer>();
  const lease = await store.acquireLease('test');
  for (let at = 0; at < options.commits; at++) {
    const writes = [];
    for (let each = 0; each < options.perCommit; each++) {
      const number = at * options.perCommit + each;
      const value = Buffer.alloc(options.valueBytes ?? 20, `${number}.`);
      writes.push({ key: `r${number}` as StoreKey, value });
      writes.push({ key: `again${number % 7}` as StoreKey, value });
    }
    const removed = `r${at - 3}` as StoreKey;
    for (const { key, value } of writes) rows.set(key, value);
    rows.delete(removed);
    await store.commit([...writes, { key: removed, value: undefined }], lease.epoch);
  }
  await lease.release();
  return rows;
}

/**
 * Opens the folder and reads everything, by scan and by key.
 * @returns 'whole' when all rows are there, 'refused' when it was refused as damaged at the opening or at a read.
 * @throws Whatever else comes out, above all when a row is missing, wrong or too many.
 */
export async function outcome(
  folder: StoreFolder,
  rows: ReadonlyMap<StoreKey, Buffer>,
  options: { url?: string } = {},
): Promise<'whole' | 'refused' | 'refused at a read'> {
  let store: MetadataStore;
  try {
    store = await folder.open(options);
  } catch (error) {
    if (hasCode(error, 'METADATA_DAMAGED')) return 'refused';
    throw error;
  }
  try {
    const range = { from: '' as StoreKey, to: '\xff\xff' as StoreKey };
    const entries = await store.scan(range, { limit: rows.size + 10 });
    const values = await store.getMany([...rows.keys()]);
    if (entries.length !== rows.size) throw new Error(`${entries.length} rows instead of ${rows.size}`);
    for (const { key, value } of entries) {
      if (!rows.get(key)?.equals(value)) throw new Error(`a scan finds ${key} wrong`);
    }
    for (const [at, value] of [...rows.values()].entries()) {
      if (!value.equals(values[at] as Uint8Array)) throw new Error(`a read finds row ${at} wrong`);
    }
    return 'whole';
  } catch (error) {
    if (hasCode(error, 'METADATA_DAMAGED')) return 'refused at a read';
    throw error;
  } finally {
    await store.close();
  }
}
