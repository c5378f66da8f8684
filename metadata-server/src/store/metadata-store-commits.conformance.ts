/** The other half of the conformance suite: commits, snapshots, leases, and what a restart finds. */
import { hasCode } from '@cairn/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lease, MetadataStore, StoreReader } from './metadata-store.ts';
import { ALL, bytes, key, type StartStore, type StoreUnderTest } from './metadata-store-subject.conformance.ts';

export function conformanceOfCommits(name: string, start: StartStore): void {
  describe(`${name}: commits of a MetadataStore`, () => {
    let under: StoreUnderTest;
    let store: MetadataStore;
    let lease: Lease;

    beforeEach(async () => {
      under = await start();
      store = under.store;
      lease = await store.acquireLease('test');
    });
    afterEach(() => under.dispose());

    async function text(reader: StoreReader, name: string): Promise<string | undefined> {
      const [value] = await reader.getMany([key(name)]);
      return value && Buffer.from(value).toString();
    }

    function put(name: string, value: string, epoch = lease.epoch): Promise<void> {
      return store.commit([{ key: key(name), value: bytes(value) }], epoch);
    }

    it('lets the last write of a key in one commit win', async () => {
      await store.commit(
        [
          { key: key('a'), value: bytes('1') },
          { key: key('b'), value: bytes('1') },
          { key: key('a'), value: bytes('2') },
          { key: key('b'), value: undefined },
        ],
        lease.epoch,
      );
      expect(await text(store, 'a')).toBe('2');
      expect(await text(store, 'b')).toBeUndefined();
    });

    it('removes keys, and removing an absent one is no error', async () => {
      await put('a', '1');
      await store.commit([{ key: key('a'), value: undefined }], lease.epoch);
      await store.commit([{ key: key('a'), value: undefined }], lease.epoch);
      expect(await text(store, 'a')).toBeUndefined();
      expect(await store.scan(ALL, { limit: 10 })).toEqual([]);
    });

    it('applies commits in the order of the calls', async () => {
      const commits = Array.from({ length: 300 }, (_, at) => put('counter', String(at)));
      await Promise.all(commits);
      expect(await text(store, 'counter')).toBe('299');
    });

    it('takes the values as they are at the call', async () => {
      const value = bytes('before');
      const committed = store.commit([{ key: key('a'), value }], lease.epoch);
      value.fill(0x78);
      await committed;
      expect(await text(store, 'a')).toBe('before');
    });

    it('shows all writes of a commit or none', async () => {
      const names = Array.from({ length: 40 }, (_, at) => `row${at}`);
      const commits: Promise<void>[] = [];
      for (let round = 0; round < 50; round++) {
        commits.push(
          store.commit(
            names.map((each) => ({ key: key(each), value: bytes(String(round)) })),
            lease.epoch,
          ),
        );
      }
      const done = Promise.all(commits).then(() => true);
      let finished = false;
      while (!finished) {
        finished = await Promise.race([done, new Promise<false>((resolve) => setImmediate(() => resolve(false)))]);
        const rows = await store.scan(ALL, { limit: 100 });
        const seen = new Set(rows.map(({ value }) => Buffer.from(value).toString()));
        expect(rows.length === 0 || (rows.length === names.length && seen.size === 1)).toBe(true);
      }
    });

    it('reads its own commit as soon as it has resolved', async () => {
      for (let at = 0; at < 50; at++) {
        await put('a', String(at));
        expect(await text(store, 'a')).toBe(String(at));
      }
    });

    it('fixes a snapshot while commits go on', async () => {
      await store.commit(
        [
          { key: key('a'), value: bytes('old') },
          { key: key('b'), value: bytes('old') },
        ],
        lease.epoch,
      );
      const snapshot = await store.snapshot();
      await store.commit(
        [
          { key: key('a'), value: bytes('new') },
          { key: key('b'), value: undefined },
          { key: key('c'), value: bytes('new') },
        ],
        lease.epoch,
      );
      const later = await store.snapshot();
      await put('a', 'newest');
      expect(await text(snapshot, 'a')).toBe('old');
      expect((await snapshot.scan(ALL, { limit: 10 })).map((entry) => entry.key)).toEqual(['a', 'b']);
      expect(await text(later, 'a')).toBe('new');
      expect((await later.scan(ALL, { limit: 10, reverse: true })).map((entry) => entry.key)).toEqual(['c', 'a']);
      expect(await text(store, 'a')).toBe('newest');
      await snapshot.close();
      await later.close();
      expect(await text(store, 'c')).toBe('new');
    });

    it('refuses every epoch but that of the current lease, and writes nothing then', async () => {
      await put('a', '1');
      for (const epoch of [0, lease.epoch - 1, lease.epoch + 1]) {
        await expect(put('a', 'stale', epoch)).rejects.toSatisfy((error) => hasCode(error, 'EPOCH_STALE'));
      }
      await lease.release();
      await expect(put('a', 'released')).rejects.toSatisfy((error) => hasCode(error, 'EPOCH_STALE'));
      const next = await store.acquireLease('test');
      expect(next.epoch).toBeGreaterThan(lease.epoch);
      await expect(put('a', 'older')).rejects.toSatisfy((error) => hasCode(error, 'EPOCH_STALE'));
      await put('b', '2', next.epoch);
      expect(await text(store, 'a')).toBe('1');
      expect(await text(store, 'b')).toBe('2');
    });

    it('makes a second holder wait until the first releases', async () => {
      let second: Lease | undefined;
      const waiting = store.acquireLease('second').then((got) => {
        second = got;
      });
      await put('a', '1');
      expect(second).toBeUndefined();
      await lease.release();
      await waiting;
      expect(second?.epoch).toBeGreaterThan(lease.epoch);
    });

    it('finds everything again after a restart, with a higher epoch', async () => {
      if (under.reopen === undefined) return;
      await put('a', '1');
      await put('b', '2');
      await store.commit([{ key: key('a'), value: undefined }], lease.epoch);
      const epochs = [lease.epoch];
      for (let round = 0; round < 3; round++) {
        store = await under.reopen();
        expect((await store.scan(ALL, { limit: 10 })).map((entry) => entry.key)).toEqual(['b']);
        await expect(put('b', 'stale')).rejects.toSatisfy((error) => hasCode(error, 'EPOCH_STALE'));
        lease = await store.acquireLease('test');
        epochs.push(lease.epoch);
        await put('b', `${round}`);
      }
      expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
      expect(await text(store, 'b')).toBe('2');
    });

    it('takes no calls after close', async () => {
      await put('a', '1');
      await store.close();
      for (const call of [
        () => store.getMany([key('a')]),
        () => store.scan(ALL, { limit: 1 }),
        () => store.snapshot(),
        () => put('a', '2'),
      ]) {
        await expect(call()).rejects.toSatisfy((error) => hasCode(error, 'UNAVAILABLE'));
      }
      await store.close();
    });
  });
}
