/** Listings over HTTP: pages, delimiters, encodings and markers. */
import {
  CreateBucketCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS_KEY, SECRET_KEY, startTestCluster, type TestCluster } from './testing/cluster.ts';
import { send } from './testing/raw-client.ts';

const Bucket = 'listing';
const KEYS = ['a', 'b/1', 'b/2', 'b/c/3', 'b0', 'd/\u0001', 'd/&<>"\'', 'e +%', 'é', '\uffed', '😀'];

let cluster: TestCluster;
let s3: S3Client;

beforeAll(async () => {
  cluster = await startTestCluster();
  s3 = new S3Client({
    endpoint: `http://${cluster.host}:${cluster.port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
    forcePathStyle: true,
    maxAttempts: 1,
  });
  await s3.send(new CreateBucketCommand({ Bucket }));
  for (const Key of KEYS) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
});

afterAll(async () => {
  s3?.destroy();
  await cluster?.close();
});

async function list(options: Partial<ListObjectsV2CommandInput> = {}) {
  const page = await s3.send(new ListObjectsV2Command({ Bucket, ...options }));
  return {
    ...page,
    keys: page.Contents?.map(({ Key }) => Key) ?? [],
    prefixes: page.CommonPrefixes?.map(({ Prefix }) => Prefix),
  };
}

describe('ListObjectsV2', () => {
  it('lists all keys in the order of their bytes', async () => {
    const page = await list();
    expect(page.keys).toEqual(KEYS);
    expect(page).toMatchObject({ KeyCount: KEYS.length, IsTruncated: false, MaxKeys: 1000, Name: Bucket });
    expect(page.Contents?.[0]).toMatchObject({
      Size: 1,
      StorageClass: 'STANDARD',
      ETag: '"0cc175b9c0f1b6a831c399e269772661"',
    });
    expect(page.Contents?.[0]?.Owner).toBeUndefined();
  });

  it('rolls keys up at the delimiter', async () => {
    const page = await list({ Delimiter: '/' });
    expect(page.prefixes).toEqual(['b/', 'd/']);
    expect(page.keys).toEqual(KEYS.filter((key) => !key.includes('/')));
    expect((await list({ Delimiter: '/', Prefix: 'b/' })).prefixes).toEqual(['b/c/']);
  });

  it('gives every key once, however small the pages', async () => {
    for (const Delimiter of [undefined, '/']) {
      for (const MaxKeys of [1, 2, 3]) {
        const keys: unknown[] = [];
        const input = { Bucket, MaxKeys, Delimiter };
        for await (const page of paginateListObjectsV2({ client: s3 }, input)) {
          keys.push(
            ...(page.Contents ?? []).map(({ Key }) => Key),
            ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
          );
        }
        const whole = await list({ Delimiter });
        expect(keys.sort()).toEqual([...whole.keys, ...(whole.prefixes ?? [])].sort());
      }
    }
  });

  it('starts after a key, and tells owners on request', async () => {
    const page = await list({ StartAfter: 'b/2', FetchOwner: true });
    expect(page.keys).toEqual(KEYS.slice(3));
    expect(page.Contents?.[0]?.Owner).toEqual({ ID: 'cairn', DisplayName: 'cairn' });
  });

  it('encodes names on request', async () => {
    const page = await list({ EncodingType: 'url', Prefix: 'd/' });
    expect(page.keys.map((key) => decodeURIComponent(key ?? ''))).toEqual(['d/\u0001', 'd/&<>"\'']);
    expect((await list({ EncodingType: 'url', Prefix: 'e' })).keys).toEqual(['e%20%2B%25']);
  });

  it('lists nothing when no keys are asked for', async () => {
    expect(await list({ MaxKeys: 0 })).toMatchObject({ keys: [], KeyCount: 0, IsTruncated: false });
  });

  it('refuses a token that was changed, and a bucket that is not there', async () => {
    const { NextContinuationToken: token = '' } = await list({ MaxKeys: 1 });
    const tampered = (token.startsWith('A') ? 'B' : 'A') + token.slice(1);
    await expect(list({ ContinuationToken: tampered })).rejects.toMatchObject({ name: 'InvalidArgument' });
    await expect(list({ ContinuationToken: token, Prefix: 'b' })).rejects.toMatchObject({ name: 'InvalidArgument' });
    await expect(list({ Bucket: 'no-such-bucket' })).rejects.toMatchObject({ name: 'NoSuchBucket' });
    await expect(list({ Bucket: 'no-such-bucket', MaxKeys: 0 })).rejects.toMatchObject({ name: 'NoSuchBucket' });
  });
});

describe('ListObjects', () => {
  it('gives every key once by its markers', async () => {
    for (const Delimiter of [undefined, '/']) {
      const seen: unknown[] = [];
      let Marker: string | undefined;
      do {
        const page = await s3.send(new ListObjectsCommand({ Bucket, MaxKeys: 2, Marker, Delimiter }));
        seen.push(
          ...(page.Contents ?? []).map(({ Key }) => Key),
          ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
        );
        Marker = page.NextMarker;
      } while (Marker !== undefined);
      const whole = await list({ Delimiter });
      expect(seen.sort()).toEqual([...whole.keys, ...(whole.prefixes ?? [])].sort());
    }
  });
});

describe('listing parameters', () => {
  it('that cannot be read are refused', async () => {
    for (const query of ['max-keys=-1', 'max-keys=x', 'encoding-type=xml', 'continuation-token=&list-type=2']) {
      const answer = await send(cluster, { method: 'GET', target: `/${Bucket}?${query}` });
      expect([query, answer.status, answer.code]).toEqual([query, 400, 'InvalidArgument']);
    }
  });
});
