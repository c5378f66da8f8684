/** The journal under power cuts and failing disks; the index is in memory, so all that a restart finds comes from the journal. */
import { CairnError, hasCode, silentLog } from '@cairn/core';
import { MemoryDisk, SeededRandom, VirtualClock } from '@cairn/core/testing';
import { describe, expect, it } from 'vitest';
import { Journal } from './journal/journal.ts';
import type { SealedWrite } from './journal/record.ts';
import { inspectJournal } from './journal/recovery.ts';
import { JournaledStore } from './journaled-store.ts';
import type { MetadataStore, StoreKey } from './metadata-store.ts';
import { openMetadataStore } from './open-metadata-store.ts';
import { MemoryIndex, type StoreIndex } from './store-index.ts';

const ALL = { from: '' as StoreKey, to: '\xff' as StoreKey };

function open(disk: MemoryDisk): Promise<MetadataStore> {
  // Small segments, so that power is cut between segments too.
  return openMetadataStore('journal:', {
    dataDir: '/metadata',
    disk,
    clock: new VirtualClock(),
    log: silentLog,
    segmentBytesMax: 900,
  });
}

/** Commit n writes the rows `n` and `n'`. Commits of a round are made at once. @returns What was acknowledged. */
async function commitRounds(store: MetadataStore, first: number, rounds: number): Promise<number[]> {
  const acknowledged: number[] = [];
  const lease = await store.acquireLease('test');
  let next = first;
  for (let round = 0; round < rounds; round++) {
    const commits = Array.from({ length: 1 + (round % 3) }, async () => {
      const number = next++;
      const value = new Uint8Array(Buffer.alloc(40 + 600 * (number % 2), `${number}`));
      const keys = [`${number}` as StoreKey, `${number}'` as StoreKey];
      await store.commit(
        keys.map((key) => ({ key, value })),
        lease.epoch,
      );
      acknowledged.push(number);
    });
    const outcomes = await Promise.allSettled(commits);
    if (outcomes.some((outcome) => outcome.status === 'rejected')) break;
  }
  return acknowledged;
}

/** An index whose disk fails. */
class FaultyIndex extends MemoryIndex {
  failApply = false;

  override async apply(writes: readonly SealedWrite[]): Promise<void> {
    if (this.failApply) throw new CairnError('DISK_FULL');
    await super.apply(writes);
  }

  override async flush(): Promise<number> {
    throw new CairnError('DISK_FAILED');
  }
}

async function journaled(disk: MemoryDisk, index: StoreIndex): Promise<MetadataStore> {
  const options = { disk, clock: new VirtualClock(), log: silentLog, folder: '/metadata/journal' };
  const journal = await Journal.open(options, await inspectJournal(options));
  const applied = { sequence: journal.durableSequence, epoch: 0 };
  return new JournaledStore({
    ...options,
    journal,
    index,
    applied,
    segmentBytesMax: 900,
    unlock: async () => undefined,
  });
}

async function rowsOf(store: MetadataStore): Promise<string[]> {
  return (await store.scan(ALL, { limit: 10_000 })).map((entry) => entry.key);
}

describe('a journaled store', () => {
  it.each([false, true])('loses no acknowledged commit wherever the power goes (torn: %s)', async (torn) => {
    let ended = false;
    for (let nth = 1; !ended; nth++) {
      const disk = new MemoryDisk({ random: new SeededRandom(`${torn} ${nth}`) });
      disk.powerCutAtChange(nth, { torn });
      const acknowledged: number[] = [];
      try {
        acknowledged.push(...(await commitRounds(await open(disk), 0, 12)));
      } catch (error) {
        expect(hasCode(error, 'DISK_FAILED')).toBe(true);
      }
      ended = !disk.isOff;
      disk.powerOn();
      const store = await open(disk);
      const rows = await rowsOf(store);
      for (const number of acknowledged) expect(rows).toContain(`${number}`);
      // Whole commits only, and without a gap: a later one never survives an earlier one.
      const numbers = rows.filter((row) => !row.endsWith("'")).map(Number);
      expect(rows.length).toBe(2 * numbers.length);
      expect(numbers.sort((a, b) => a - b)).toEqual(numbers.map((_, at) => at));
      // What a restart has shown stays, also over the next power cut.
      const more = await commitRounds(store, 1000, 3);
      disk.powerCut({ torn });
      const after = await rowsOf(await open(disk));
      for (const row of [...rows, ...more.map(String)]) expect(after).toContain(row);
      expect(nth).toBeLessThan(500);
    }
  });

  it('survives a power cut in the middle of its recovery', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const disk = new MemoryDisk({ random: new SeededRandom(seed) });
      const acknowledged = await commitRounds(await open(disk), 0, 6);
      const store = await open(disk);
      const lease = await store.acquireLease('test');
      void store.commit([{ key: 'torn' as StoreKey, value: new Uint8Array(5000) }], lease.epoch).catch(() => undefined);
      disk.powerCut({ torn: true });
      for (let nth = 1; nth < 8; nth++) {
        disk.powerCutAtChange(nth, { torn: true });
        await open(disk).catch((error) => expect(hasCode(error, 'DISK_FAILED')).toBe(true));
        disk.powerCut({ torn: true });
        disk.powerOn();
      }
      const rows = await rowsOf(await open(disk));
      for (const number of acknowledged) expect(rows).toContain(`${number}`);
    }
  });

  it('takes no more calls after a failed sync', async () => {
    const disk = new MemoryDisk();
    const store = await open(disk);
    const acknowledged = await commitRounds(store, 0, 2);
    disk.failNextSync();
    const failed = (work: Promise<unknown>) => expect(work).rejects.toSatisfy((error) => hasCode(error, 'DISK_FAILED'));
    const value = new Uint8Array(3000);
    await failed(store.commit([{ key: 'failed' as StoreKey, value }], 1));
    await failed(store.commit([{ key: 'later' as StoreKey, value }], 1));
    await failed(store.getMany([]));
    await failed(store.scan(ALL, { limit: 1 }));
    await failed(store.snapshot());
    await store.close();
    expect(await rowsOf(await open(disk.handOver()))).toContain(`${acknowledged.at(-1)}`);
  });

  it('makes again durable what a failed sync left readable', async () => {
    const first = new MemoryDisk();
    const store = await open(first);
    await commitRounds(store, 0, 2);
    first.failNextSync();
    await store.commit([{ key: 'failed' as StoreKey, value: new Uint8Array(30_000) }], 1).catch(() => undefined);
    const second = first.handOver();
    const restarted = await open(second);
    const found = await rowsOf(restarted);
    const more = await commitRounds(restarted, 1000, 2);
    second.powerCut();
    const rows = await rowsOf(await open(second));
    for (const row of [...found, ...more.map(String)]) expect(rows).toContain(row);
  });

  it('fails with DISK_FULL when the disk is full, and goes on after a restart with room', async () => {
    const disk = new MemoryDisk({ capacityBytes: 4000 });
    const store = await open(disk);
    const acknowledged = await commitRounds(store, 0, 20);
    await expect(store.getMany([])).rejects.toSatisfy((error) => hasCode(error, 'DISK_FULL'));
    await store.close();
    disk.capacityBytes = 1_000_000;
    const next = await open(disk);
    const rows = await rowsOf(next);
    for (const number of acknowledged) expect(rows).toContain(`${number}`);
    expect((await commitRounds(next, 1000, 2)).length).toBe(3);
  });

  it('takes no more calls when its index fails, and a restart finds the commit', async () => {
    const disk = new MemoryDisk();
    const index = new FaultyIndex();
    const store = await journaled(disk, index);
    const lease = await store.acquireLease('test');
    index.failApply = true;
    const write = { key: 'a' as StoreKey, value: new Uint8Array(1) };
    const full = (error: unknown) => hasCode(error, 'DISK_FULL');
    const later = store.commit([write], lease.epoch);
    await expect(store.commit([write], lease.epoch)).rejects.toSatisfy(full);
    await expect(later).rejects.toSatisfy(full);
    await expect(store.commit([], lease.epoch)).rejects.toSatisfy(full);
    await expect(store.getMany([write.key])).rejects.toSatisfy(full);
    await store.close();
    expect(await rowsOf(await open(disk))).toEqual(['a']);
  });

  it('keeps its segments until its index has them on disk', async () => {
    const disk = new MemoryDisk();
    const index = new FaultyIndex();
    const store = await journaled(disk, index);
    await commitRounds(store, 0, 8);
    const segments = async () => (await disk.list('/metadata/journal')).filter((name) => name.endsWith('.journal'));
    expect((await segments())[0]).toBe('0000000000000001.journal');
    expect((await segments()).length).toBeGreaterThan(1);
    await store.close();
  });

  it('refuses a store whose journal was made empty', async () => {
    const disk = new MemoryDisk();
    const store = await open(disk);
    await commitRounds(store, 0, 2);
    await store.close();
    for (const name of await disk.list('/metadata/journal')) {
      if (name.endsWith('.journal')) await disk.remove(`/metadata/journal/${name}`);
    }
    await expect(open(disk)).rejects.toThrow(/but commit 4 was acknowledged/);
  });
});
