/**
 * Keeps a second process out of a metadata folder. Node has no lock that dies with its process; LevelDB takes one (fcntl, on
 * the file LOCK) for as long as a database is open. So an empty database is opened for its lock alone, before anything
 * else in the folder is looked at: LevelDB's lock on the index itself would come too late for the journal.
 */
import type { Disk } from '@cairn/core';
import { Level } from 'level';
import { levelError } from './level-error.ts';

/**
 * @returns What releases the lock.
 * @throws DATA_DIR_LOCKED when another process, or another store of this one, holds it.
 */
export async function lockFolder(disk: Disk, dataDir: string): Promise<() => Promise<void>> {
  const folder = `${dataDir}/lock`;
  await disk.makeDirectory(folder);
  try {
    return await open(folder, dataDir);
  } catch (error) {
    if (levelError(error, dataDir).code === 'DATA_DIR_LOCKED') throw error;
    // A damaged database that holds nothing may go, but for the file that is locked.
    for (const name of await disk.list(folder)) if (name !== 'LOCK') await disk.remove(`${folder}/${name}`);
    return open(folder, dataDir);
  }
}

async function open(folder: string, dataDir: string): Promise<() => Promise<void>> {
  const database = new Level(folder);
  try {
    await database.open();
  } catch (error) {
    await database.close();
    throw levelError(error, dataDir);
  }
  return () => database.close();
}
