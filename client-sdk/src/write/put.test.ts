import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { CairnError } from '@cairn/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Body, Progress } from '../options.ts';
import { FakeCluster, failureOf, testBytes } from '../testing/fake-cluster.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');

let cluster: FakeCluster;

beforeEach(async () => {
  cluster = await FakeCluster.start();
});

afterEach(() => cluster.close());

async function roundTrip(body: Body, bytes: Uint8Array, contentLength?: number): Promise<void> {
  const client = cluster.client();
  const bucket = client.bucket('b');
  const result = await bucket.put('key', body, { contentLength });
  expect(result).toMatchObject({ bytes: bytes.length, etag: md5(bytes) });
  const got = await bucket.get('key');
  expect(got.version).toMatchObject({ versionId: result.versionId, bytes: bytes.length, etag: result.etag });
  expect(Buffer.compare(await got.bytes(), bytes)).toBe(0);
  const last = cluster.leader.objects.get('b/key')?.chunks.at(-1);
  const copies = cluster.nodes.filter((node) => last !== undefined && node.holds(last.volumeId, last.chunkId));
  expect(copies).toHaveLength(bytes.length === 0 ? 0 : 3);
  expect(client.memory).toEqual({ writeBytes: 0, readAheadBytes: 0 });
}

async function* inPieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

describe('a put object', () => {
  const sizes = [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 24 * MIB + 7];
  it.each(sizes)('of %i bytes in memory is got back', async (size) => {
    const bytes = testBytes(size);
    await roundTrip(bytes, bytes);
  });

  it.each(sizes)('of %i bytes from a source of unknown length is got back', async (size) => {
    const bytes = testBytes(size);
    await roundTrip(inPieces(bytes, 100_000), bytes);
  });

  it('may come as text, a Blob, a Node stream or a web stream', async () => {
    const bytes = testBytes(300 * KIB);
    await roundTrip('grün 🟢', Buffer.from('grün 🟢'));
    await roundTrip(new Blob([bytes as Uint8Array<ArrayBuffer>]), bytes);
    await roundTrip(Readable.from(inPieces(bytes, 7000)), bytes);
    await roundTrip(Readable.from(['grün ', '🟢']), Buffer.from('grün 🟢'));
    await roundTrip(ReadableStream.from(inPieces(bytes, 7000)), bytes, bytes.length);
  });

  it('keeps headers and metadata, whatever their names are', async () => {
    const bucket = cluster.client().bucket('b');
    const headers = { 'content-type': 'text/x-cairn' };
    const userMetadata = [{ name: '__proto__', value: 'data' }];
    await bucket.put('k', 'x', { headers, userMetadata });
    const head = await bucket.head('k');
    expect(head.headers).toEqual([{ name: 'content-type', value: 'text/x-cairn' }]);
    expect(head.userMetadata).toEqual(userMetadata);
    expect(head.chunks).toEqual([]);
  });

  it('costs a small object one call to each replica and one commit, and reading it one read of each kind', async () => {
    const client = cluster.client();
    const bucket = client.bucket('b');
    await bucket.put('warm', 'x');
    const puts = cluster.nodes.map((node) => node.puts);
    await bucket.put('k', testBytes(4 * KIB));
    expect(cluster.nodes.map((node, at) => node.puts - (puts[at] as number))).toEqual([1, 1, 1]);
    expect(cluster.leader.commits).toHaveLength(2);
    await (await bucket.get('k')).bytes();
    expect(cluster.leader.countOf('GetObject')).toBe(1);
    expect(cluster.leader.countOf('LookupVolumes')).toBe(0);
    expect(cluster.nodes.reduce((sum, node) => sum + node.gets, 0)).toBe(1);
  });

  it('tells how far it is', async () => {
    const seen: Progress[] = [];
    const body = testBytes(20 * MIB);
    await cluster
      .client()
      .bucket('b')
      .put('k', body, { onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toEqual({ bytes: body.length, totalBytes: body.length });
    expect(seen.map(({ bytes }) => bytes)).toEqual(seen.map(({ bytes }) => bytes).sort((a, b) => a - b));
  });

  it('is seen by observers, and takes the etag it is given', async () => {
    const hash = createHash('sha256');
    const body = testBytes(9 * MIB);
    const result = await cluster
      .client()
      .bucket('b')
      .put('k', inPieces(body, 65_000), {
        observers: [(piece) => hash.update(piece)],
        etag: async () => 'given',
      });
    expect(hash.digest('hex')).toBe(createHash('sha256').update(body).digest('hex'));
    expect(result.etag).toBe('given');
  });
});

describe('a put that is refused', () => {
  const bodies = (bytes: Uint8Array): [string, Body][] => [
    ['bytes', bytes],
    ['a stream', inPieces(bytes, 10)],
  ];

  it.each([
    ['shorter', 11],
    ['longer', 9],
  ])('because its body is %s or longer than declared leaves the old version', async (_what, contentLength) => {
    const bucket = cluster.client().bucket('b');
    const old = await bucket.put('k', 'old');
    for (const [, body] of bodies(testBytes(10))) {
      expect((await failureOf(bucket.put('k', body, { contentLength }))).code).toBe('BODY_INCOMPLETE');
    }
    expect((await bucket.head('k')).versionId).toBe(old.versionId);
  });

  it('by its own hook leaves the old version, and says why', async () => {
    const client = cluster.client();
    const bucket = client.bucket('b');
    await bucket.put('k', 'old');
    const beforeCommit = () => {
      throw new CairnError('BODY_CHECKSUM_MISMATCH');
    };
    expect((await failureOf(bucket.put('k', 'new', { beforeCommit }))).code).toBe('BODY_CHECKSUM_MISMATCH');
    expect(await (await bucket.get('k')).text()).toBe('old');
    expect(cluster.leader.commits).toHaveLength(1);
  });

  it('by a precondition leaves the old version', async () => {
    const bucket = cluster.client().bucket('b');
    const { etag } = await bucket.put('k', 'old', { ifNoneMatch: '*' });
    expect((await failureOf(bucket.put('k', 'new', { ifNoneMatch: '*' }))).code).toBe('PRECONDITION_FAILED');
    expect((await failureOf(bucket.put('k', 'new', { ifMatch: 'other' }))).code).toBe('PRECONDITION_FAILED');
    await bucket.put('k', 'new', { ifMatch: etag });
    expect((await failureOf(bucket.delete('k', { ifMatch: etag }))).code).toBe('PRECONDITION_FAILED');
    expect(await bucket.delete('k')).toMatchObject({ existed: true });
    expect(await bucket.delete('k')).toMatchObject({ existed: false });
  });

  it.each(['', 'x'.repeat(1025), 'ü'.repeat(513), 'a\ud800'])('for its key reads nothing of the body', async (key) => {
    let reads = 0;
    async function* body() {
      reads += 1;
      yield testBytes(1);
    }
    expect((await failureOf(cluster.client().bucket('b').put(key, body()))).code).toBe('OBJECT_KEY_INVALID');
    expect(reads).toBe(0);
  });

  it('for a body that is none is told so', async () => {
    const put = cluster
      .client()
      .bucket('b')
      .put('k', 7 as unknown as Body);
    expect((await failureOf(put)).code).toBe('INVALID_ARGUMENT');
  });

  it('because the body breaks off fails with what the body threw, and frees its memory', async () => {
    const client = cluster.client();
    async function* body() {
      yield testBytes(9 * MIB);
      throw new Error('the disk of the caller');
    }
    await expect(client.bucket('b').put('k', body())).rejects.toThrow('the disk of the caller');
    await expect.poll(() => client.memory.writeBytes).toBe(0);
    expect(cluster.leader.objects.size).toBe(0);
  });
});

describe('an aborted put', () => {
  it('ends at once though its body hangs, and the body is left', async () => {
    const client = cluster.client();
    const abort = new AbortController();
    const left = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    const body = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          opened.resolve();
          return new Promise<never>(() => undefined);
        },
        return: async () => {
          left.resolve();
          return { done: true as const, value: undefined };
        },
      }),
    };
    const put = failureOf(client.bucket('b').put('k', body, { signal: abort.signal }));
    await opened.promise;
    abort.abort(new Error('enough'));
    expect(await put).toMatchObject({ code: 'CANCELLED', cause: new Error('enough') });
    await left.promise;
    expect(client.memory.writeBytes).toBe(0);
  });

  it('cuts its chunks and commits nothing', async () => {
    const client = cluster.client();
    const abort = new AbortController();
    let cuts = 0;
    for (const node of cluster.nodes) {
      node.onPut = (_request, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            cuts += 1;
            resolve();
          });
          if (node.id === 'node-3') abort.abort();
        });
    }
    const put = client.bucket('b').put('k', testBytes(9 * MIB), { signal: abort.signal });
    expect((await failureOf(put)).code).toBe('CANCELLED');
    await expect.poll(() => cuts).toBeGreaterThanOrEqual(3);
    await expect.poll(() => client.memory.writeBytes).toBe(0);
    expect(cluster.leader.commits).toHaveLength(0);
    expect(cluster.leader.failures).toEqual([]);
  });

  it('that was aborted before does nothing', async () => {
    const put = cluster.client().bucket('b').put('k', 'x', { signal: AbortSignal.abort() });
    expect((await failureOf(put)).code).toBe('CANCELLED');
    expect(cluster.nodes.every((node) => node.puts === 0)).toBe(true);
  });
});
