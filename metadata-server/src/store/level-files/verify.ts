/** Checks the files of a LevelDB that is not open, against the checksums in them. Changes nothing. */
import { CairnError, type Disk } from '@cairn/core';
import { liveTables } from './manifest.ts';
import { verifyTable } from './table.ts';

/** @returns What is damaged, in words; undefined when all is well or there is no database. */
export async function damageOfLevelFiles(disk: Disk, folder: string): Promise<string | undefined> {
  const names = await disk.list(folder);
  if (!names.includes('CURRENT')) {
    const orphan = names.find((name) => /^(\d+\.ldb|MANIFEST-\d+)$/.test(name));
    return orphan === undefined ? undefined : `${folder} holds ${orphan} but no CURRENT`;
  }
  const current = (await fileBytes(disk, `${folder}/CURRENT`)).toString('latin1');
  const manifestName = /^(MANIFEST-\d+)\n$/.exec(current)?.[1];
  if (manifestName === undefined || !names.includes(manifestName)) return `${folder}/CURRENT names no manifest`;
  const manifest = `${folder}/${manifestName}`;
  const tables = await attempt(manifest, async () => liveTables(await fileBytes(disk, manifest)));
  if (typeof tables === 'string') return tables;
  for (const [number, bytes] of tables) {
    const path = `${folder}/${String(number).padStart(6, '0')}.ldb`;
    const damage = await attempt(path, async () => {
      const file = await fileBytes(disk, path);
      if (file.length !== bytes) throw new Error(`it has ${file.length} bytes instead of ${bytes}`);
      verifyTable(file);
    });
    if (damage !== undefined) return damage;
  }
  return undefined;
}

/** A parser that runs into damage throws; what a disk throws is passed on. */
async function attempt<T>(path: string, work: () => Promise<T>): Promise<T | string> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CairnError || !(error instanceof Error)) throw error;
    return `${path}: ${error.message}`;
  }
}

async function fileBytes(disk: Disk, path: string): Promise<Buffer> {
  const bytes = await disk.readFile(path);
  if (bytes === undefined) throw new Error('it is missing');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
