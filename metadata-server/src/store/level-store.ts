/**
 * The embedded store of one machine: a journal (`journal/`) and LevelDB behind it (`index/`).
 *
 * Opening reads before it writes: the journal is judged first, then LevelDB's files; a folder that has lost acknowledged
 * commits is refused as it is. LevelDB alone may be lost whenever the journal still goes back to the first commit.
 */
import { CairnError, type Clock, type Disk, hasCode, type Log } from '@cairn/core';
import { lockFolder } from './folder-lock.ts';
import { Journal } from './journal/journal.ts';
import type { SealedWrite } from './journal/record.ts';
import { damaged, inspectJournal, type JournalState, recordsAfter } from './journal/recovery.ts';
import { JournaledStore } from './journaled-store.ts';
import { damageOfLevelFiles } from './level-files/verify.ts';
import { LevelIndex } from './level-index.ts';
import type { MetadataStore } from './metadata-store.ts';
import { type Applied, MemoryIndex, type StoreIndex } from './store-index.ts';

export interface StoreOptions {
  dataDir: string;
  disk: Disk;
  clock: Clock;
  log: Log;
  /** A journal segment longer than this is followed by a checkpoint. */
  segmentBytesMax?: number;
}

const SEGMENT_BYTES_MAX = 32 * 1024 * 1024;
/** What one batch of a replay holds at least, but for the last. */
const REPLAY_BATCH_WRITES = 2000;
const REPLAY_BATCH_BYTES = 4 * 1024 * 1024;

/** @throws DATA_DIR_LOCKED, METADATA_DAMAGED, DISK_FULL, DISK_FAILED. */
export async function openLevelStore(options: StoreOptions): Promise<MetadataStore> {
  const { dataDir, disk } = options;
  const unlock = await lockFolder(disk, dataDir);
  let index: LevelIndex | undefined;
  try {
    const state = await inspectJournal({ ...options, folder: `${dataDir}/journal` });
    index = await openIndex({ ...options, folder: `${dataDir}/index`, state });
    return await start({ ...options, unlock }, state, index);
  } catch (error) {
    await index?.close();
    await unlock();
    throw error;
  }
}

/** The same journal with an index in memory: what a simulation runs on its own disk, where LevelDB cannot go. */
export async function openJournaledMemoryStore(options: StoreOptions): Promise<MetadataStore> {
  const state = await inspectJournal({ ...options, folder: `${options.dataDir}/journal` });
  return start({ ...options, unlock: async () => undefined }, state, new MemoryIndex());
}

async function openIndex(options: { disk: Disk; log: Log; folder: string; state: JournalState }): Promise<LevelIndex> {
  const { disk, log, folder, state } = options;
  try {
    const damage = await damageOfLevelFiles(disk, folder);
    if (damage !== undefined) throw new CairnError('METADATA_DAMAGED', damage);
    return await LevelIndex.open(disk, folder);
  } catch (error) {
    if (!hasCode(error, 'METADATA_DAMAGED')) throw error;
    if (state.segments[0]?.firstSequence !== 1) {
      throw damaged(
        `The index of the metadata is damaged (${error.message}) and the journal does not reach back to commit 1`,
      );
    }
    log.warn({ error }, 'the index of the metadata is damaged; making it again from the journal, which is complete');
    for (const name of await disk.list(folder)) await disk.remove(`${folder}/${name}`);
    return LevelIndex.open(disk, folder);
  }
}

/** Brings the index to where the journal is. */
async function start(
  options: StoreOptions & { unlock: () => Promise<void> },
  state: JournalState,
  index: StoreIndex,
): Promise<MetadataStore> {
  const folder = `${options.dataDir}/journal`;
  checkJournalReachesIndex(folder, state, index.found);
  const journal = await Journal.open({ ...options, folder }, state);
  const applied = await replay(options.disk, state, index);
  const segmentBytesMax = options.segmentBytesMax ?? SEGMENT_BYTES_MAX;
  return new JournaledStore({ ...options, journal, index, applied, segmentBytesMax });
}

function checkJournalReachesIndex(folder: string, state: JournalState, found: Applied): void {
  const first = state.segments[0]?.firstSequence;
  if (state.lastSequence < found.sequence) {
    throw damaged(
      `The metadata journal in ${folder} ends at commit ${state.lastSequence}, but the index holds commit ${found.sequence}`,
    );
  }
  if (first !== undefined && first > found.sequence + 1) {
    throw damaged(
      `The index of the metadata holds the commits up to ${found.sequence} and the journal in ${folder} begins at ${first}: those between are lost`,
    );
  }
}

async function replay(disk: Disk, state: JournalState, index: StoreIndex): Promise<Applied> {
  let applied = index.found;
  let writes: SealedWrite[] = [];
  let bytes = 0;
  for await (const record of recordsAfter(disk, state, index.found.sequence)) {
    applied = { sequence: record.sequence, epoch: record.epoch };
    for (const write of record.writes) {
      writes.push(write);
      bytes += write.envelope?.length ?? 0;
    }
    if (writes.length < REPLAY_BATCH_WRITES && bytes < REPLAY_BATCH_BYTES) continue;
    await index.apply(writes, applied);
    writes = [];
    bytes = 0;
  }
  if (applied.sequence > index.found.sequence) await index.apply(writes, applied);
  return applied;
}
