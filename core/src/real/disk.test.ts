/** The machine's disk passes the suite of disks, and names its errors. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CairnError } from '../errors.ts';
import { diskConformance } from '../ports/disk.conformance.ts';
import { writeFileDurably } from '../ports/disk.ts';
import { realDisk } from './disk.ts';

const makeFolder = () => fs.promises.mkdtemp(path.join(os.tmpdir(), 'cairn-disk-'));
const removeFolder = (folder: string) => fs.promises.rm(folder, { recursive: true, force: true });

diskConformance('the real disk', async () => {
  const folder = await makeFolder();
  return { disk: realDisk, folder, dispose: () => removeFolder(folder) };
});

describe('the real disk', () => {
  const before = process.cwd();
  let folder = '';
  beforeEach(async () => {
    folder = await makeFolder();
    process.chdir(folder);
  });
  afterEach(async () => {
    process.chdir(before);
    await removeFolder(folder);
  });

  it('takes paths relative to the process', async () => {
    await realDisk.makeDirectory('a/b');
    await writeFileDurably(realDisk, 'a/b/c', Buffer.from('1'));
    await writeFileDurably(realDisk, 'bare', Buffer.from('2'));
    expect(await realDisk.list('.')).toEqual(['a', 'bare']);
    expect(await realDisk.list('a/b')).toEqual(['c']);
  });

  it('keeps what it makes from other users', async () => {
    await realDisk.makeDirectory('private');
    await (await realDisk.open('private/file', { create: true })).close();
    expect((await fs.promises.stat('private')).mode & 0o777).toBe(0o700);
    expect((await fs.promises.stat('private/file')).mode & 0o777).toBe(0o600);
  });

  it.runIf(fs.existsSync('/dev/full'))('calls a full disk DISK_FULL and keeps the cause', async () => {
    const file = await realDisk.open('/dev/full');
    const failure = await file.write([Buffer.from('x')], 0).catch((error: unknown) => error);
    await file.close();
    expect(failure).toBeInstanceOf(CairnError);
    expect((failure as CairnError).code).toBe('DISK_FULL');
    expect((failure as CairnError).cause).toMatchObject({ code: 'ENOSPC' });
  });
});
