/**
 * CONTRACT: an acknowledged commit is never lost silently. Real LevelDB files and real journals are damaged in many places; what
 * opens afterwards holds every row, or does not open.
 */
import * as fs from 'node:fs';
import { hasCode } from '@cairn/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { StoreKey } from './metadata-store.ts';
import { fill, flipBit, outcome, StoreFolder } from './store-folder.fixture.ts';

type Rows = Map<StoreKey, Buffer>;

/** Every `step`-th offset, beginning with the first and ending with the last. */
function offsets(bytes: number, count: number): number[] {
  const step = Math.max(1, Math.floor(bytes / count));
  const found = [];
  for (let at = 0; at < bytes; at += step) found.push(at);
  return [...found, bytes - 1];
}

/** Flips one bit at many places of the files, each time in a fresh copy, and counts the outcomes. */
async function tryFlips(options: {
  killed: StoreFolder;
  rows: Rows;
  folder: 'journal' | 'index';
  name: RegExp;
  count: number;
  url?: string;
}) {
  const { killed, rows, folder, name, count, url = 'level:' } = options;
  const trial = killed.copy();
  const outcomes = { whole: 0, refused: 0, 'refused at a read': 0 };
  const files = killed.files(folder, name);
  expect(files.length).toBeGreaterThan(0);
  for (const [index, file] of files.entries()) {
    for (const offset of offsets(file.bytes, Math.ceil(count / files.length))) {
      trial.become(killed);
      const target = trial.files(folder, name)[index]?.path as string;
      flipBit(target, offset);
      const before = trial.journalBytes();
      const result = await outcome(trial, rows, { url });
      if (result === 'refused') expect(trial.journalBytes()).toBe(before);
      outcomes[result] += 1;
    }
  }
  trial.remove();
  return outcomes;
}

describe('a killed store whose journal goes back to the first commit', () => {
  let killed: StoreFolder;
  let rows: Rows;

  beforeAll(async () => {
    const live = new StoreFolder();
    const store = await live.open();
    // LevelDB drops what follows a damaged record up to the end of a block of 32 KiB; behind that it goes on. Hence several blocks.
    rows = await fill(store, { commits: 40, perCommit: 3, valueBytes: 500 });
    killed = live.copy();
    await store.close();
    live.remove();
  });
  afterAll(() => killed.remove());

  it('loses nothing when bits flip in the log of LevelDB', async () => {
    const outcomes = await tryFlips({ killed, rows, folder: 'index', name: /\.log$/, count: 80 });
    expect(outcomes.whole).toBeGreaterThan(80);
    expect(outcomes.refused).toBe(0);
  });

  it('loses nothing silently when bits flip in the journal: it refuses and leaves the journal as it is', async () => {
    const exhaustive = { killed, rows, folder: 'journal', name: /\.journal$/, url: 'journal:' } as const;
    const outcomes = await tryFlips({ ...exhaustive, count: 400 });
    expect(outcomes.refused).toBeGreaterThan(400);
    expect(outcomes.whole).toBe(0);
    const withLevel = await tryFlips({ killed, rows, folder: 'journal', name: /\.journal$/, count: 30 });
    expect(withLevel.refused).toBeGreaterThan(30);
    expect(withLevel.whole).toBe(0);
  });

  it('needs no mark when the journal is whole', async () => {
    expect((await tryFlips({ killed, rows, folder: 'journal', name: /^acknowledged$/, count: 24 })).whole).toBe(25);
  });

  it('sees damage that is followed by later commits without the mark, too', async () => {
    const trial = killed.copy();
    const file = killed.files('journal', /journal$/)[0] as { path: string; bytes: number };
    const lastRecord = fs.readFileSync(file.path).lastIndexOf('CMJR');
    for (const offset of offsets(lastRecord, 100)) {
      trial.become(killed);
      fs.rmSync(`${trial.path}/journal/acknowledged`);
      flipBit(trial.files('journal', /journal$/)[0]?.path as string, offset);
      const result = await outcome(trial, rows, { url: 'journal:' });
      expect(result).toBe('refused');
    }
    trial.remove();
  });

  it('makes LevelDB again when it is gone or cannot be opened', async () => {
    const trial = killed.copy();
    for (const name of [/^CURRENT$/, /^MANIFEST/, /\.log$/, /./]) {
      trial.become(killed);
      for (const file of trial.files('index', name)) fs.rmSync(file.path);
      expect(await outcome(trial, rows)).toBe('whole');
    }
    trial.remove();
  });

  it('refuses a journal that is cut anywhere, and says where it ends', async () => {
    const trial = killed.copy();
    const bytes = killed.files('journal', /journal$/)[0]?.bytes as number;
    for (const length of offsets(bytes, 60).slice(0, -1)) {
      trial.become(killed);
      fs.truncateSync(trial.files('journal', /journal$/)[0]?.path as string, length);
      expect(await outcome(trial, rows)).toBe('refused');
    }
    await expect(trial.open()).rejects.toThrow(
      /journal at offset \d+.*commit 41 was acknowledged.*Nothing was changed in the journal/,
    );
    trial.remove();
  });

  it('refuses a journal whose tail is zeros, or holds an old record in place of the last', async () => {
    const trial = killed.copy();
    const file = trial.files('journal', /journal$/)[0] as { path: string; bytes: number };
    const bytes = fs.readFileSync(file.path);
    fs.writeFileSync(file.path, Buffer.from(bytes).fill(0, bytes.length - 300));
    expect(await outcome(trial, rows)).toBe('refused');
    const last = bytes.lastIndexOf('CMJR');
    const before = bytes.lastIndexOf('CMJR', last - 1);
    fs.writeFileSync(file.path, Buffer.concat([bytes.subarray(0, last), bytes.subarray(before, last)]));
    expect(await outcome(trial, rows)).toBe('refused');
    trial.remove();
  });

  it('cuts a torn tail that was never acknowledged', async () => {
    const trial = killed.copy();
    const file = killed.files('journal', /journal$/)[0] as { path: string; bytes: number };
    const record = fs.readFileSync(file.path).subarray(-200);
    for (const torn of [Buffer.alloc(1), Buffer.alloc(5000), record.subarray(100), Buffer.from('CMJR')]) {
      trial.become(killed);
      fs.appendFileSync(trial.files('journal', /journal$/)[0]?.path as string, torn);
      expect(await outcome(trial, rows)).toBe('whole');
      expect(trial.files('journal', /journal$/)[0]?.bytes).toBe(file.bytes);
      expect(await outcome(trial, rows)).toBe('whole');
    }
    trial.remove();
  });
});

describe('a killed store that has made checkpoints', () => {
  let killed: StoreFolder;
  let rows: Rows;

  beforeAll(async () => {
    const live = new StoreFolder();
    const store = await live.open({ segmentBytesMax: 20_000 });
    rows = await fill(store, { commits: 150, perCommit: 5, valueBytes: 60 });
    // The last checkpoint runs beside the commits: it is over when one segment is left.
    await vi.waitFor(() => expect(live.files('journal', /journal$/)).toHaveLength(1), { timeout: 5000 });
    rows = new Map([...rows, ...(await fill(store, { commits: 1, perCommit: 2 }))]);
    killed = live.copy();
    await store.close();
    live.remove();
  });
  afterAll(() => killed.remove());

  it('has removed what the tables of LevelDB hold', async () => {
    expect(killed.files('journal', /journal$/)[0]?.path).not.toMatch(/\/0{15}1\.journal$/);
    expect(killed.files('index', /\.ldb$/).length).toBeGreaterThan(0);
    const trial = killed.copy();
    expect(await outcome(trial, rows)).toBe('whole');
    trial.remove();
  });

  it('loses nothing when bits flip in the log of LevelDB', async () => {
    const outcomes = await tryFlips({ killed, rows, folder: 'index', name: /\.log$/, count: 40 });
    expect(outcomes.refused + outcomes['refused at a read']).toBe(0);
  });

  it('refuses flipped bits in the tables of LevelDB', async () => {
    const outcomes = await tryFlips({ killed, rows, folder: 'index', name: /\.ldb$/, count: 100 });
    expect(outcomes.refused).toBeGreaterThan(90);
  });

  it('refuses flipped bits in the manifest of LevelDB, also where LevelDB would drop the rest of it', async () => {
    const outcomes = await tryFlips({ killed, rows, folder: 'index', name: /^(MANIFEST|CURRENT)/, count: 200 });
    expect(outcomes.refused).toBeGreaterThan(50);
    expect(outcomes).toMatchObject({ whole: 0, 'refused at a read': 0 });
  });

  it('loses nothing silently when bits flip in the journal', async () => {
    const outcomes = await tryFlips({ killed, rows, folder: 'journal', name: /\.journal$/, count: 40 });
    expect(outcomes.refused).toBeGreaterThan(40);
  });

  it('refuses when the journal is missing, or LevelDB is', async () => {
    const trial = killed.copy();
    fs.rmSync(`${trial.path}/journal`, { recursive: true });
    await expect(trial.open()).rejects.toThrow(/journal ends at commit 0, but the index holds commit/);
    trial.become(killed);
    fs.rmSync(`${trial.path}/index`, { recursive: true });
    await expect(trial.open()).rejects.toThrow(/holds the commits up to 0 and the journal .* begins at/);
    trial.become(killed);
    for (const file of trial.files('index', /\.ldb$/)) fs.rmSync(file.path);
    await expect(trial.open()).rejects.toSatisfy((error) => hasCode(error, 'METADATA_DAMAGED'));
    trial.remove();
  });

  it('refuses when a segment in the middle is missing', async () => {
    const trial = new StoreFolder();
    const store = await trial.open({ url: 'journal:', segmentBytesMax: 2000 });
    await fill(store, { commits: 30, perCommit: 5, valueBytes: 60 });
    await store.close();
    const segments = trial.files('journal', /journal$/).map((file) => file.path);
    expect(segments.length).toBeGreaterThan(3);
    fs.rmSync(segments.sort()[1] as string);
    await expect(trial.open({ url: 'journal:' })).rejects.toThrow(/lacks the commits \d+ to \d+/);
    trial.remove();
  });
});

describe('a metadata folder', () => {
  it('is read when the manifest of LevelDB has several blocks', async () => {
    const folder = new StoreFolder();
    const store = await folder.open({ segmentBytesMax: 2000 });
    const lease = await store.acquireLease('test');
    const rows: Rows = new Map();
    for (let at = 0; at < 40; at++) {
      const key = `${at}`.padStart(2000, '\xfe') as StoreKey;
      rows.set(key, Buffer.from(`${at}`));
      await store.commit([{ key, value: rows.get(key) }], lease.epoch);
      // Each checkpoint names its first and last key in the manifest.
      await vi.waitFor(() => expect(folder.files('journal', /journal$/)).toHaveLength(1), { timeout: 5000 });
    }
    expect(folder.files('index', /^MANIFEST/)[0]?.bytes).toBeGreaterThan(40_000);
    const killed = folder.copy();
    await store.close();
    folder.remove();
    expect(await outcome(killed, rows)).toBe('whole');
    killed.remove();
  });

  it('is taken by one process at a time', async () => {
    const folder = new StoreFolder();
    const store = await folder.open();
    await expect(folder.open()).rejects.toSatisfy(
      (error) => hasCode(error, 'DATA_DIR_LOCKED') && error.message.includes(folder.path),
    );
    await store.close();
    await (await folder.open()).close();
    folder.remove();
  });

  it('is taken also when the files of its lock are damaged', async () => {
    const folder = new StoreFolder();
    await (await folder.open()).close();
    fs.writeFileSync(`${folder.path}/lock/CURRENT`, 'nothing');
    const store = await folder.open();
    await expect(folder.open()).rejects.toSatisfy((error) => hasCode(error, 'DATA_DIR_LOCKED'));
    await store.close();
    folder.remove();
  });
});
