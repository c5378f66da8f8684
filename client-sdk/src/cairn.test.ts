/** The client against real metadata servers and storage nodes, by an access key, over the real network. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cairn } from './cairn.ts';
import { failureOf, testBytes } from './testing/fake-cluster.ts';
import { RealCluster } from './testing/real-cluster.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

let cluster: RealCluster;
let cairn: Cairn;

beforeAll(async () => {
  cluster = await RealCluster.start();
  cairn = cluster.client();
  await cairn.createBucket('photos');
});

afterAll(() => cluster.destroy());

async function* inPieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

async function expectRead(key: string, body: Uint8Array): Promise<void> {
  const got = await cairn.bucket('photos').get(key);
  expect(Buffer.compare(await got.bytes(), body)).toBe(0);
}

describe('a program', () => {
  it.each([0, 1, 64 * KIB + 1, 8 * MIB - 1, 8 * MIB, 24 * MIB + 7])('gets back the %i bytes it put', async (size) => {
    const body = testBytes(size);
    await cairn.bucket('photos').put(`size/${size}`, body);
    await expectRead(`size/${size}`, body);
    await cairn.bucket('photos').put(`stream/${size}`, inPieces(body, 64 * KIB));
    await expectRead(`stream/${size}`, body);
  });

  it('lists, describes, explains and deletes', async () => {
    const bucket = cairn.bucket('photos');
    await bucket.put('a/1', 'one', { userMetadata: { colour: 'blue' } });
    await bucket.put('a/2', testBytes(100));
    const names: string[] = [];
    for await (const entry of bucket.list({ prefix: 'a/' })) if (entry.kind === 'object') names.push(entry.key);
    expect(names).toEqual(['a/1', 'a/2']);
    expect(await bucket.head('a/1')).toMatchObject({ bytes: 3, userMetadata: [{ name: 'colour', value: 'blue' }] });
    const { version, volumes } = await cairn.explain('photos', 'a/2');
    expect(volumes.map(({ volumeId }) => volumeId)).toEqual(version.chunks.map(({ volumeId }) => volumeId));
    expect(volumes[0]?.replicas).toHaveLength(3);
    expect(await bucket.delete('a/1')).toMatchObject({ existed: true });
    expect((await failureOf(bucket.get('a/1'))).code).toBe('OBJECT_NOT_FOUND');
    expect((await failureOf(cairn.deleteBucket('photos'))).code).toBe('BUCKET_NOT_EMPTY');
    expect((await cairn.listBuckets()).map(({ name }) => name)).toEqual(['photos']);
    expect((await cairn.admin.status()).nodes).toHaveLength(3);
  });

  it('is refused without the right key', async () => {
    const metadata = cluster.metadataAddress;
    const stranger = new Cairn({ metadata: [metadata], accessKey: 'AKIATEST', secretKey: 'not-the-secret-key' });
    expect((await failureOf(stranger.listBuckets())).code).toBe('PERMISSION_DENIED');
    await stranger.close();
  });
});

describe('while a storage node is gone', () => {
  it('everything can be read and written, and afterwards too', async () => {
    const body = testBytes(20 * MIB);
    const bucket = cairn.bucket('photos');
    await bucket.put('before', body);
    await cluster.stopNode(2);
    await expectRead('before', body);
    await bucket.put('meanwhile', body);
    await bucket.put('meanwhile/small', 'x');
    await cluster.startNode(2);
    await expect.poll(async () => (await cairn.admin.nodes()).every(({ state }) => state === 'alive')).toBe(true);
    await expectRead('before', body);
    await expectRead('meanwhile', body);
    await bucket.put('after', body);
    await expectRead('after', body);
    expect(cairn.memory).toEqual({ writeBytes: 0, readAheadBytes: 0 });
  });
});

describe('while the metadata server is away for a moment', () => {
  it('puts wait for it and take effect once', async () => {
    const bucket = cairn.bucket('photos');
    await bucket.put('k', 'old');
    await cluster.stopMetadata();
    const puts = Array.from({ length: 20 }, (_, at) => bucket.put(`once/${at}`, `${at}`, { ifNoneMatch: '*' }));
    await cluster.startMetadata();
    await Promise.all(puts);
    for (let at = 0; at < 20; at++) await expectRead(`once/${at}`, Buffer.from(`${at}`));
  });
});
