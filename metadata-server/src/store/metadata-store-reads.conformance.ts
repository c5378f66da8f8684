/** One half of the conformance suite: what is read after commits. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lease, MetadataStore, StoreEntry } from './metadata-store.ts';
import { ALL, bytes, END, key, type StartStore, type StoreUnderTest } from './metadata-store-subject.conformance.ts';

function keysOf(entries: readonly StoreEntry[]): string[] {
  return entries.map((entry) => entry.key);
}

export function conformanceOfReads(name: string, start: StartStore): void {
  describe(`${name}: reads of a MetadataStore`, () => {
    let under: StoreUnderTest;
    let store: MetadataStore;
    let lease: Lease;

    beforeEach(async () => {
      under = await start();
      store = under.store;
      lease = await store.acquireLease('test');
    });
    afterEach(() => under.dispose());

    async function fill(...keys: string[]): Promise<void> {
      await store.commit(
        keys.map((each) => ({ key: key(each), value: bytes(`value of ${each}`) })),
        lease.epoch,
      );
    }

    it('scans in the order of the bytes', async () => {
      const ordered = [
        '\0',
        '\0\0',
        '\0\xff',
        'a',
        'a\0',
        'a\0b',
        'aa',
        'a\x7f',
        'a\x80',
        'a\xff',
        'b',
        '\xc3\xa9',
        '\xff',
        '\xff\0',
      ];
      await fill(...[...ordered].reverse());
      expect(keysOf(await store.scan(ALL, { limit: 100 }))).toEqual(ordered);
      expect(keysOf(await store.scan(ALL, { limit: 100, reverse: true }))).toEqual([...ordered].reverse());
    });

    it('answers getMany in the order of the keys, undefined where there is none', async () => {
      await fill('a', 'b', 'a\0');
      const values = await store.getMany(['b', 'nothing', 'a\0', 'a', 'b', ''].map(key));
      expect(values.map((value) => value && Buffer.from(value).toString())).toEqual([
        'value of b',
        undefined,
        'value of a\0',
        'value of a',
        'value of b',
        undefined,
      ]);
      expect(await store.getMany([])).toEqual([]);
    });

    it('includes the start of a range and excludes its end', async () => {
      await fill('a', 'b', 'b\0', 'c', 'd');
      const range = { from: key('b'), to: key('d') };
      expect(keysOf(await store.scan(range, { limit: 10 }))).toEqual(['b', 'b\0', 'c']);
      expect(keysOf(await store.scan(range, { limit: 2 }))).toEqual(['b', 'b\0']);
      expect(keysOf(await store.scan(range, { limit: 2, reverse: true }))).toEqual(['c', 'b\0']);
      expect(await store.scan(range, { limit: 0 })).toEqual([]);
      expect(await store.scan({ from: key('c'), to: key('c') }, { limit: 10 })).toEqual([]);
      expect(await store.scan({ from: key('d'), to: key('b') }, { limit: 10 })).toEqual([]);
      expect(await store.scan({ from: key('x'), to: key('z') }, { limit: 10 })).toEqual([]);
    });

    it('shows no rows of its own', async () => {
      expect(await store.scan(ALL, { limit: 10 })).toEqual([]);
      expect(await store.scan({ from: key(''), to: key('\xff'.repeat(64)) }, { limit: 10, reverse: true })).toEqual([]);
    });

    it('keeps empty values apart from absent ones', async () => {
      await store.commit([{ key: key('empty'), value: new Uint8Array() }], lease.epoch);
      const [empty, absent] = await store.getMany([key('empty'), key('absent')]);
      expect(empty?.length).toBe(0);
      expect(absent).toBeUndefined();
    });

    it('keeps values of 1 MiB and keys of 2 KiB', async () => {
      const large = new Uint8Array(1024 * 1024).map((_, at) => (at * 31) >> 3);
      const long = key('\xfe'.repeat(2048));
      await store.commit([{ key: long, value: large }], lease.epoch);
      const [value] = await store.getMany([long]);
      expect(Buffer.compare(value as Uint8Array, large)).toBe(0);
      const [entry] = await store.scan(ALL, { limit: 1 });
      expect(entry?.key).toBe(long);
      expect(Buffer.compare(entry?.value as Uint8Array, large)).toBe(0);
    });

    it('pages through many keys without losing or repeating one', async () => {
      const keys = Array.from({ length: 5000 }, (_, at) => `k${String((at * 7919) % 5000).padStart(5, '0')}`);
      for (let at = 0; at < keys.length; at += 500) await fill(...keys.slice(at, at + 500));
      const seen: string[] = [];
      for (let from = key(''); ; from = key(`${seen.at(-1)}\0`)) {
        const page = await store.scan({ from, to: END }, { limit: 777 });
        seen.push(...keysOf(page));
        if (page.length < 777) break;
      }
      expect(seen).toEqual([...keys].sort());
    });

    it('does as a simple map does, whatever the commits', async () => {
      const anyKey = fc.string({ unit: fc.constantFrom('\0', 'a', 'b', '\x80', '\xff'), minLength: 1, maxLength: 3 });
      const anyWrite = fc.record({
        key: anyKey,
        value: fc.option(fc.uint8Array({ maxLength: 20 }), { nil: undefined }),
      });
      const anyCommit = fc.array(anyWrite, { maxLength: 6 });
      const anyScan = fc.record({ from: anyKey, to: anyKey, limit: fc.nat(8), reverse: fc.boolean() });
      const model = new Map<string, Uint8Array>();
      const plan = fc.array(fc.record({ commit: anyCommit, scan: anyScan, get: anyKey }), { maxLength: 20 });
      await fc.assert(
        fc.asyncProperty(plan, async (steps) => {
          for (const { commit, scan, get } of steps) {
            await store.commit(
              commit.map((write) => ({ key: key(write.key), value: write.value })),
              lease.epoch,
            );
            for (const write of commit) {
              if (write.value === undefined) model.delete(write.key);
              else model.set(write.key, write.value);
            }
            const [value] = await store.getMany([key(get)]);
            expect(value && [...value]).toEqual(model.has(get) ? [...(model.get(get) ?? [])] : undefined);
            const keys = [...model.keys()].filter((each) => each >= scan.from && each < scan.to).sort();
            if (scan.reverse) keys.reverse();
            const range = { from: key(scan.from), to: key(scan.to) };
            expect(keysOf(await store.scan(range, scan))).toEqual(keys.slice(0, scan.limit));
          }
        }),
        { numRuns: 20, seed: 1 },
      );
    });
  });
}
