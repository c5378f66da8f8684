/** The suite that every Disk passes: what a process sees of it. What survives a power cut is shown on the in-memory disk. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasCode } from '../errors.ts';
import { type Disk, type DiskFile, writeFileDurably } from './disk.ts';

export interface DiskUnderTest {
  disk: Disk;
  /** An empty folder that is the suite's own, with an absolute path. */
  folder: string;
  dispose?: () => Promise<void>;
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes).toString());

async function isDiskFailure(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => false,
    (error) => hasCode(error, 'DISK_FAILED'),
  );
}

/** A fresh disk for each test; files that are opened through it are closed after. */
function workbench(makeDisk: () => Promise<DiskUnderTest>) {
  let under: DiskUnderTest;
  let open: DiskFile[] = [];
  beforeEach(async () => {
    under = await makeDisk();
  });
  afterEach(async () => {
    for (const file of open) await file.close().catch(() => undefined);
    open = [];
    await under.dispose?.();
  });
  return {
    get disk() {
      return under.disk;
    },
    at: (name: string) => `${under.folder}/${name}`,
    async open(name: string, options?: { create?: boolean }): Promise<DiskFile> {
      const file = await under.disk.open(`${under.folder}/${name}`, options);
      open.push(file);
      return file;
    },
  };
}

type Workbench = ReturnType<typeof workbench>;

async function readAll(file: DiskFile): Promise<string> {
  const into = new Uint8Array(await file.size());
  expect(await file.read(into, 0)).toBe(into.length);
  return Buffer.from(into).toString();
}

function files(bench: Workbench): void {
  it('writes pieces one after the other and reads them back', async () => {
    const file = await bench.open('a', { create: true });
    await file.write([bytesOf('hello'), bytesOf(''), bytesOf(' '), bytesOf('world')], 3);
    expect(await file.size()).toBe(14);
    expect(await readAll(file)).toBe('\0\0\0hello world');
    await file.write([bytesOf('J')], 3);
    expect(await readAll(file)).toBe('\0\0\0Jello world');
  });

  it('writes nothing when there is nothing to write', async () => {
    const file = await bench.open('a', { create: true });
    await file.write([], 10);
    await file.write([bytesOf(''), bytesOf('')], 10);
    expect(await file.size()).toBe(0);
  });

  it('writes thousands of pieces with one call', async () => {
    const file = await bench.open('a', { create: true });
    const pieces = Array.from({ length: 5000 }, (_, at) => bytesOf(`${at},`));
    await file.write(pieces, 0);
    expect(await readAll(file)).toBe(Buffer.concat(pieces).toString());
  });

  it('writes and reads many MiB at any place', async () => {
    const file = await bench.open('a', { create: true });
    const bytes = Uint8Array.from({ length: 3 * 1024 * 1024 + 7 }, (_, at) => (at * 31) ^ (at >> 8));
    await file.write([bytes.subarray(0, 100_001), bytes.subarray(100_001)], 4097);
    const into = new Uint8Array(bytes.length - 12_345);
    expect(await file.read(into, 4097 + 12_345)).toBe(into.length);
    expect(Buffer.compare(into, bytes.subarray(12_345))).toBe(0);
  });

  it('reads fewer bytes than asked at the end of the file only', async () => {
    const file = await bench.open('a', { create: true });
    await file.write([bytesOf('0123456789')], 0);
    const into = new Uint8Array(8);
    expect(await file.read(into, 0)).toBe(8);
    expect(await file.read(into, 6)).toBe(4);
    expect(textOf(into.subarray(0, 4))).toBe('6789');
    expect(await file.read(into, 10)).toBe(0);
    expect(await file.read(into, 100)).toBe(0);
    expect(await file.read(new Uint8Array(), 0)).toBe(0);
  });

  it('does not keep what it was given: buffers may be used again', async () => {
    const file = await bench.open('a', { create: true });
    const buffer = bytesOf('first');
    await file.write([buffer], 0);
    buffer.set(bytesOf('other'));
    expect(await readAll(file)).toBe('first');
  });

  it('cuts and extends files, with zeros where nothing was written', async () => {
    const file = await bench.open('a', { create: true });
    await file.write([bytesOf('x'.repeat(10_000))], 0);
    await file.truncate(5000);
    await file.truncate(9000);
    expect(await readAll(file)).toBe('x'.repeat(5000) + '\0'.repeat(4000));
    await file.truncate(0);
    expect(await file.size()).toBe(0);
  });

  it('shows a file to all who opened it', async () => {
    const writer = await bench.open('a', { create: true });
    const reader = await bench.open('a');
    await writer.write([bytesOf('hello')], 0);
    expect(await readAll(reader)).toBe('hello');
  });

  it('opens a file that exists with its content, create or not', async () => {
    await (await bench.open('a', { create: true })).write([bytesOf('hello')], 0);
    expect(await readAll(await bench.open('a', { create: true }))).toBe('hello');
    expect(await readAll(await bench.open('a'))).toBe('hello');
  });

  it('does not open what does not exist, and fails on a closed file', async () => {
    expect(await isDiskFailure(bench.open('a'))).toBe(true);
    expect(await isDiskFailure(bench.open('absent/a', { create: true }))).toBe(true);
    expect(await isDiskFailure(bench.open('.', { create: true }))).toBe(true);
    const file = await bench.open('a', { create: true });
    await file.sync();
    await file.close();
    expect(await isDiskFailure(file.size())).toBe(true);
  });

  it('goes on with a file that was renamed or removed while open', async () => {
    const file = await bench.open('a', { create: true });
    await bench.disk.rename(bench.at('a'), bench.at('b'));
    await file.write([bytesOf('hello')], 0);
    expect(textOf(await bench.disk.readFile(bench.at('b')))).toBe('hello');
    await bench.disk.remove(bench.at('b'));
    expect(await readAll(file)).toBe('hello');
    expect(await bench.disk.exists(bench.at('b'))).toBe(false);
  });
}

function names(bench: Workbench): void {
  it('lists names sorted, and none where there is no folder', async () => {
    for (const name of ['b', 'a', 'c.log', 'C']) await bench.open(name, { create: true });
    await bench.disk.makeDirectory(bench.at('folder'));
    expect(await bench.disk.list(bench.at('.'))).toEqual(['C', 'a', 'b', 'c.log', 'folder']);
    expect(await bench.disk.list(bench.at('absent'))).toEqual([]);
    expect(await bench.disk.list(bench.at('folder'))).toEqual([]);
    expect(await isDiskFailure(bench.disk.list(bench.at('a')))).toBe(true);
  });

  it('tells what exists', async () => {
    await bench.open('a', { create: true });
    expect(await bench.disk.exists(bench.at('a'))).toBe(true);
    expect(await bench.disk.exists(bench.at('.'))).toBe(true);
    expect(await bench.disk.exists(bench.at('b'))).toBe(false);
    expect(await bench.disk.exists(bench.at('absent/b'))).toBe(false);
  });

  it('reads a whole file, and undefined where there is none', async () => {
    await (await bench.open('a', { create: true })).write([bytesOf('hello')], 0);
    expect(textOf(await bench.disk.readFile(bench.at('a')))).toBe('hello');
    expect(await bench.disk.readFile(bench.at('b'))).toBeUndefined();
    expect(await bench.disk.readFile(bench.at('absent/b'))).toBeUndefined();
    expect(await isDiskFailure(bench.disk.readFile(bench.at('.')))).toBe(true);
  });

  it('makes a folder with its parents, again and again, with or without a slash at the end', async () => {
    await bench.disk.makeDirectory(bench.at('x/y/z'));
    await bench.disk.makeDirectory(bench.at('x/y/z/'));
    await bench.disk.makeDirectory(bench.at('x/q/'));
    await bench.disk.makeDirectory(bench.at('x/absent/../r'));
    await bench.open('x/y/z/a', { create: true });
    expect(await bench.disk.list(bench.at('x'))).toEqual(expect.arrayContaining(['q', 'r', 'y']));
    expect(await bench.disk.list(bench.at('x/y/z'))).toEqual(['a']);
    expect(await isDiskFailure(bench.disk.makeDirectory(bench.at('x/y/z/a')))).toBe(true);
  });

  it('renames, replacing what was there', async () => {
    await (await bench.open('a', { create: true })).write([bytesOf('new')], 0);
    await (await bench.open('b', { create: true })).write([bytesOf('old')], 0);
    await bench.disk.makeDirectory(bench.at('folder'));
    await bench.disk.rename(bench.at('a'), bench.at('b'));
    expect(textOf(await bench.disk.readFile(bench.at('b')))).toBe('new');
    await bench.disk.rename(bench.at('b'), bench.at('b'));
    await bench.disk.rename(bench.at('b'), bench.at('folder/c'));
    expect(await bench.disk.list(bench.at('.'))).toEqual(['folder']);
    expect(textOf(await bench.disk.readFile(bench.at('folder/c')))).toBe('new');
    expect(await isDiskFailure(bench.disk.rename(bench.at('absent'), bench.at('d')))).toBe(true);
    expect(await isDiskFailure(bench.disk.rename(bench.at('folder/c'), bench.at('folder')))).toBe(true);
  });

  it('removes files, absent ones without a complaint, and no folders', async () => {
    await bench.open('a', { create: true });
    await bench.disk.remove(bench.at('a'));
    await bench.disk.remove(bench.at('a'));
    await bench.disk.remove(bench.at('absent/a'));
    await bench.disk.makeDirectory(bench.at('folder'));
    expect(await isDiskFailure(bench.disk.remove(bench.at('folder')))).toBe(true);
    expect(await bench.disk.list(bench.at('.'))).toEqual(['folder']);
  });

  it('syncs folders that exist', async () => {
    await bench.open('a', { create: true });
    await bench.disk.syncDirectory(bench.at('.'));
    expect(await bench.disk.list(bench.at('.'))).toEqual(['a']);
    expect(await isDiskFailure(bench.disk.syncDirectory(bench.at('absent')))).toBe(true);
  });

  it('tells the room of the file system', async () => {
    const { totalBytes, freeBytes } = await bench.disk.space(bench.at('.'));
    expect(Number.isSafeInteger(totalBytes)).toBe(true);
    expect(freeBytes).toBeGreaterThan(0);
    expect(freeBytes).toBeLessThanOrEqual(totalBytes);
    expect(await isDiskFailure(bench.disk.space(bench.at('absent')))).toBe(true);
  });

  it('replaces a small file durably', async () => {
    const path = bench.at('state');
    await writeFileDurably(bench.disk, path, bytesOf('a long first version'));
    await writeFileDurably(bench.disk, path, bytesOf('second'));
    expect(textOf(await bench.disk.readFile(path))).toBe('second');
    expect(await bench.disk.list(bench.at('.'))).toEqual(['state']);
  });
}

export function diskConformance(name: string, makeDisk: () => Promise<DiskUnderTest>): void {
  describe.each(Object.entries({ files, names }))(`${name}: %s`, (_topic, register) => {
    register(workbench(makeDisk));
  });
}
