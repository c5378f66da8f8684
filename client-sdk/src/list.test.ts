import { describe, expect, it } from 'vitest';
import { inOrder } from './list.ts';
import { FakeCluster } from './testing/fake-cluster.ts';

describe('a listing', () => {
  it('merges objects and prefixes of a page in UTF-8 order', () => {
    const object = (key: string) => ({ key, bytes: 0, etag: '', lastModifiedMs: 0 });
    const page = {
      objects: [object('a'), object('b'), object('\uff5e'), object('😀')],
      commonPrefixes: ['a/', '\uffee/'],
    };
    const names = [...inOrder(page)].map((entry) => (entry.kind === 'object' ? entry.key : entry.prefix));
    expect(names).toEqual(['a', 'a/', 'b', '\uff5e', '\uffee/', '😀']);
  });

  it('gives every entry once over many pages, and no more than asked for', async () => {
    const cluster = await FakeCluster.start();
    const bucket = cluster.client().bucket('b');
    const keys = Array.from({ length: 1205 }, (_, at) => `k${String(at).padStart(5, '0')}`);
    for (let at = 0; at < keys.length; at += 100) {
      await Promise.all(keys.slice(at, at + 100).map((key) => bucket.put(key, '')));
    }
    const listed: string[] = [];
    for await (const entry of bucket.list()) if (entry.kind === 'object') listed.push(entry.key);
    expect(listed).toEqual(keys);
    const some: string[] = [];
    for await (const entry of bucket.list({ startAfter: 'k00003', limit: 3 })) {
      if (entry.kind === 'object') some.push(entry.key);
    }
    expect(some).toEqual(['k00004', 'k00005', 'k00006']);
    await cluster.close();
  });

  it('rolls up at a delimiter', async () => {
    const cluster = await FakeCluster.start();
    const bucket = cluster.client().bucket('b');
    for (const key of ['a/1', 'a/2', 'b', 'c/d/e']) await bucket.put(key, '');
    const page = await bucket.listPage({ delimiter: '/' });
    expect(page.commonPrefixes).toEqual(['a/', 'c/']);
    expect(page.objects.map(({ key }) => key)).toEqual(['b']);
    const below = await bucket.listPage({ delimiter: '/', prefix: 'c/' });
    expect(below.commonPrefixes).toEqual(['c/d/']);
    await cluster.close();
  });
});
