import type { ListObjectsRequest, ListObjectsResponse } from '@cairn/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { objectKey } from '../keys.ts';
import { rows } from '../rows.ts';
import { MemoryStore } from '../store/memory-store.ts';
import type { StoreRange, StoreSnapshot } from '../store/metadata-store.ts';
import { listObjects } from './list-objects.ts';

const BUCKET = 5;

/** Counts the entries that listings read. */
class CountingStore extends MemoryStore {
  entriesRead = 0;
  scans = 0;

  override async snapshot(): Promise<StoreSnapshot> {
    const snapshot = await super.snapshot();
    const scan = async (range: StoreRange, options: { limit: number }) => {
      const entries = await snapshot.scan(range, options);
      this.entriesRead += entries.length;
      this.scans += 1;
      return entries;
    };
    return { scan, getMany: (keys) => snapshot.getMany(keys), close: () => snapshot.close() };
  }
}

function objectNamed(key: string) {
  const chunks = [{ volumeId: 1, session: 1, counter: 1, bytes: key.length }];
  const ids = { versionSession: 1, versionCounter: 1 };
  return {
    ...ids,
    bytes: key.length,
    etag: `etag of ${key}`,
    lastModifiedMs: 1,
    headers: [],
    userMetadata: [],
    chunks,
  };
}

async function storeOf(keys: Iterable<string>): Promise<CountingStore> {
  const store = new CountingStore();
  const { epoch } = await store.acquireLease('test');
  const named = [...keys].map((key) => ({ key: objectKey(BUCKET, key), value: rows.object.encode(objectNamed(key)) }));
  const neighbours = [BUCKET - 1, BUCKET + 1].map((id) => ({ key: objectKey(id, 'a'), value: Buffer.from('x') }));
  await store.commit([...named, ...neighbours], epoch);
  return store;
}

const REQUEST: ListObjectsRequest = {
  bucket: 'photos',
  prefix: '',
  delimiter: '',
  startAfter: '',
  startAfterPrefix: false,
  limit: 1000,
};

const bytes = (text: string) => Buffer.from(text);

/** What S3 says a listing is, as plainly as possible: all items in order, `>` for a common prefix. */
function model(keys: Iterable<string>, { prefix, delimiter }: { prefix: string; delimiter: string }): string[] {
  const items = new Set<string>();
  for (const key of [...keys].sort((a, b) => Buffer.compare(bytes(a), bytes(b)))) {
    if (!key.startsWith(prefix)) continue;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    items.add(cut === -1 ? key : `>${key.slice(0, cut + delimiter.length)}`);
  }
  return [...items];
}

async function allPages(store: CountingStore, request: ListObjectsRequest): Promise<ListObjectsResponse[]> {
  const pages: ListObjectsResponse[] = [];
  let next = request;
  for (;;) {
    const page = await listObjects(next, { store, bucketId: BUCKET });
    pages.push(page);
    if (page.nextStartAfter === '') return pages;
    next = { ...next, startAfter: page.nextStartAfter, startAfterPrefix: page.nextStartAfterPrefix };
  }
}

const itemsOf = (pages: readonly ListObjectsResponse[]) =>
  pages.flatMap(({ objects, commonPrefixes }) => {
    const items = [...objects.map(({ key }) => key), ...commonPrefixes.map((prefix) => `>${prefix}`)];
    const order = (item: string) => bytes(item.replace(/^>/, ''));
    return items.sort((a, b) => Buffer.compare(order(a), order(b)));
  });

describe('listObjects', () => {
  const letters = fc.constantFrom('a', 'b', '/', 'ü', '😀', '\uffff', '\0');
  const name = fc.string({ unit: letters, minLength: 1, maxLength: 6 });

  it('shows, page by page, exactly what a plain model shows', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(name, { maxLength: 60 }),
        fc.string({ unit: letters, maxLength: 2 }),
        fc.constantFrom('', '/', 'a', 'ü', '//', '😀'),
        fc.integer({ min: 1, max: 9 }),
        async (keys, prefix, delimiter, limit) => {
          const store = await storeOf(keys);
          const pages = await allPages(store, { ...REQUEST, prefix, delimiter, limit });
          expect(itemsOf(pages)).toEqual(model(keys, { prefix, delimiter }));
          for (const { objects, commonPrefixes } of pages.slice(0, -1)) {
            expect(objects.length + commonPrefixes.length).toBe(limit);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('starts after any text, listed or not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(name, { maxLength: 40 }),
        name,
        fc.boolean(),
        async (keys, startAfter, startAfterPrefix) => {
          const store = await storeOf(keys);
          const page = await listObjects({ ...REQUEST, startAfter, startAfterPrefix }, { store, bucketId: BUCKET });
          const after = keys.filter((key) => Buffer.compare(bytes(key), bytes(startAfter)) > 0);
          const rest = after.filter((key) => !startAfterPrefix || !key.startsWith(startAfter));
          expect(page.objects.map(({ key }) => key)).toEqual(model(rest, { prefix: '', delimiter: '' }));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('shows size, etag and time without the chunks', async () => {
    const store = await storeOf(['key']);
    const page = await listObjects(REQUEST, { store, bucketId: BUCKET });
    expect(page.objects).toEqual([{ key: 'key', bytes: 3, etag: 'etag of key', lastModifiedMs: 1 }]);
  });

  it('seeks past a common prefix instead of scanning what is below it', async () => {
    const below = (prefix: string) => Array.from({ length: 20_000 }, (_, at) => `${prefix}/${at}`);
    const store = await storeOf([...below('a'), ...below('b'), 'c', ...below('d')]);
    const page = await listObjects({ ...REQUEST, delimiter: '/' }, { store, bucketId: BUCKET });
    expect(page.commonPrefixes).toEqual(['a/', 'b/', 'd/']);
    expect(page.objects.map(({ key }) => key)).toEqual(['c']);
    expect(store.entriesRead).toBeLessThan(100);
  });

  it('needs few reads for a page that is full of objects', async () => {
    const store = await storeOf(Array.from({ length: 3000 }, (_, at) => `k${String(at).padStart(5, '0')}`));
    await listObjects(REQUEST, { store, bucketId: BUCKET });
    expect(store.scans).toBe(1);
    store.scans = 0;
    await listObjects({ ...REQUEST, delimiter: '/' }, { store, bucketId: BUCKET });
    expect(store.scans).toBeLessThan(10);
  });

  it('answers a limit of nothing with nothing, and refuses one that is too large', async () => {
    const store = await storeOf(['a']);
    const page = await listObjects({ ...REQUEST, limit: 0 }, { store, bucketId: BUCKET });
    expect(page).toEqual({ objects: [], commonPrefixes: [], nextStartAfter: '', nextStartAfterPrefix: false });
    for (const limit of [-1, 1001, 1.5]) {
      const refused = listObjects({ ...REQUEST, limit }, { store, bucketId: BUCKET });
      await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  });
});
