/** The LevelDB index: the suite, and what it does about damage. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { type CairnError, type Log, silentLog, type VolumeId } from '@cairn/core';
import { Level } from 'level';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownKey } from '../format/index-row.ts';
import { checkpointAt, chunkIndexConformance, entryAt, idOf } from './chunk-index.conformance.ts';
import type { ChunkIndex } from './chunk-index.ts';
import { openLevelIndex } from './level-index.ts';

const volume = 1 as VolumeId;

function makeFolder(): Promise<string> {
  return fs.promises.mkdtemp(path.join(os.tmpdir(), 'cairn-index-'));
}

chunkIndexConformance('level', async () => {
  const folder = await makeFolder();
  return {
    open: () => openLevelIndex({ folder, log: silentLog, onDamage: () => undefined }),
    dispose: () => fs.promises.rm(folder, { recursive: true }),
  };
});

describe('the level index', () => {
  let folder: string;
  let warnings: string[];
  let damages: CairnError[];

  beforeEach(async () => {
    folder = await makeFolder();
    warnings = [];
    damages = [];
  });
  afterEach(() => fs.promises.rm(folder, { recursive: true }));

  const open = () => {
    const log: Log = { ...silentLog, warn: (fields) => warnings.push((fields as { reason: string }).reason) };
    return openLevelIndex({ folder, log, onDamage: (error) => damages.push(error) });
  };

  async function writeThree(index: ChunkIndex): Promise<void> {
    for (const number of [1, 2, 3]) {
      const entries = [{ chunkId: idOf(number), ...entryAt(number) }];
      await index.write([{ volumeId: volume, entries, checkpoint: checkpointAt(number) }]);
    }
  }

  /** Opens LevelDB behind the index's back. */
  async function behindItsBack(change: (rows: Level<Buffer, Buffer>) => Promise<void>): Promise<void> {
    const rows = new Level<Buffer, Buffer>(folder, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
    await rows.open();
    await change(rows);
    await rows.close();
  }

  it('is built anew when LevelDB finds it damaged', async () => {
    const index = await open();
    await writeThree(index);
    await index.close();
    await fs.promises.writeFile(path.join(folder, 'CURRENT'), 'MANIFEST-999999\n');
    const fresh = await open();
    expect(warnings).toHaveLength(1);
    expect(fresh.volumes()).toEqual([]);
    await writeThree(fresh);
    await fresh.close();
  });

  it('is built anew when a write is missing from its middle', async () => {
    const index = await open();
    await writeThree(index);
    await index.close();
    await behindItsBack((rows) => rows.del(ownKey('b', 2)));
    const fresh = await open();
    expect(warnings).toEqual(['writes are missing from its middle']);
    expect(fresh.checkpoint(volume)).toBeUndefined();
    await fresh.close();
  });

  it('is built anew when its first writes are missing', async () => {
    const index = await open();
    await writeThree(index);
    await index.close();
    await behindItsBack((rows) => rows.del(ownKey('b', 1)));
    await (await open()).close();
    expect(warnings).toHaveLength(1);
  });

  it('goes on without its last writes', async () => {
    const index = await open();
    await writeThree(index);
    await index.close();
    await behindItsBack((rows) => rows.del(ownKey('b', 3)));
    const after = await open();
    await writeThree(after);
    await after.close();
    await (await open()).close();
    expect(warnings).toEqual([]);
  });

  it('is built anew when another version wrote it', async () => {
    await (await open()).close();
    await behindItsBack((rows) => rows.put(ownKey('v'), Buffer.from([9])));
    await (await open()).close();
    expect(warnings).toEqual(['its version is 9, not 1']);
  });

  it('says so when an entry is unreadable, and is built anew at the next start', async () => {
    const index = await open();
    await writeThree(index);
    await index.close();
    const key = Buffer.from(`00000001${idOf(2)}`, 'hex');
    await behindItsBack((rows) => rows.put(key, Buffer.from('nonsense')));
    const damaged = await open();
    expect(() => damaged.get(volume, idOf(2))).toThrow(/unreadable/);
    expect(damages.map((error) => error.code)).toEqual(['DISK_FAILED']);
    await damaged.close();
    const fresh = await open();
    expect(warnings).toEqual(['damage was found while it was in use']);
    expect(fresh.volumes()).toEqual([]);
    await fresh.close();
  });
});
