/** The AWS SDK with its default settings against a real cluster in this process. */
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS_KEY, SECRET_KEY, startTestCluster, type TestCluster } from './testing/cluster.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const Bucket = 'objects';

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
});

afterAll(async () => {
  s3?.destroy();
  await cluster?.close();
});

function bytesOf(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 509) bytes.writeUInt32LE(at ^ length, at);
  return bytes;
}

async function read(Key: string, more: { Range?: string } = {}): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

/** The name and the status of what a command is refused with. */
async function refusalOf(work: Promise<unknown>): Promise<[name: string, status: number | undefined]> {
  const error = await work.then(
    () => new Error('it was not refused'),
    (thrown: Error & { $metadata?: { httpStatusCode?: number } }) => thrown,
  );
  return [error.name, (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode];
}

describe('objects', () => {
  for (const length of [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, MIB, 8 * MIB, 8 * MIB + 1, 17 * MIB + 3]) {
    it(`of ${length} bytes come back as they were put, as bytes and as a stream`, async () => {
      const body = bytesOf(length);
      const put = await s3.send(new PutObjectCommand({ Bucket, Key: `size-${length}`, Body: body }));
      const pieces = [body.subarray(0, length / 3), body.subarray(length / 3)];
      const stream = Readable.from(pieces.filter((piece) => piece.length > 0));
      const streamed = new PutObjectCommand({ Bucket, Key: `stream-${length}`, Body: stream, ContentLength: length });
      expect((await s3.send(streamed)).ETag).toBe(put.ETag);
      expect((await read(`size-${length}`)).equals(body)).toBe(true);
      expect((await read(`stream-${length}`)).equals(body)).toBe(true);
      const head = await s3.send(new HeadObjectCommand({ Bucket, Key: `stream-${length}` }));
      expect([head.ContentLength, head.ETag]).toEqual([length, put.ETag]);
    });
  }

  it('keep headers, metadata and the checksum', async () => {
    const Metadata = { __proto__data: 'x', author: 'someone' };
    const Body = 'text';
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(Body));
    const checksum = sum.toString('base64');
    const fixed = {
      ContentType: 'text/plain',
      CacheControl: 'no-cache',
      ContentDisposition: 'inline',
      ContentLanguage: 'de',
    };
    await s3.send(new PutObjectCommand({ Bucket, Key: 'kept', Body, Metadata, ContentEncoding: 'identity', ...fixed }));
    const got = await s3.send(new HeadObjectCommand({ Bucket, Key: 'kept', ChecksumMode: 'ENABLED' }));
    expect(got).toMatchObject({ ...fixed, Metadata, ContentEncoding: 'identity', ChecksumCRC32: checksum });
  });

  for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const) {
    it(`are verified by ${ChecksumAlgorithm}, in a header and in a trailer`, async () => {
      const body = bytesOf(200 * KIB);
      for (const Body of [body, Readable.from([body])]) {
        const put = new PutObjectCommand({
          Bucket,
          Key: 'summed',
          Body,
          ContentLength: body.length,
          ChecksumAlgorithm,
        });
        const name = `Checksum${ChecksumAlgorithm}` as 'ChecksumCRC32';
        const answered = (await s3.send(put))[name];
        const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'summed', ChecksumMode: 'ENABLED' }));
        expect([answered, head[name]]).toEqual([head[name], expect.any(String)]);
      }
    });
  }

  it('are read in ranges', async () => {
    const body = bytesOf(9 * MIB);
    await s3.send(new PutObjectCommand({ Bucket, Key: 'ranges', Body: body }));
    const ranges: [range: string, start: number, end: number][] = [
      ['bytes=0-0', 0, 1],
      ['bytes=65535-65536', 65_535, 65_537],
      [`bytes=${8 * MIB - 5}-${8 * MIB + 4}`, 8 * MIB - 5, 8 * MIB + 5],
      [`bytes=${9 * MIB - 1}-`, 9 * MIB - 1, 9 * MIB],
      ['bytes=-7', 9 * MIB - 7, 9 * MIB],
      [`bytes=-${20 * MIB}`, 0, 9 * MIB],
      ['bytes=0-99999999', 0, 9 * MIB],
      ['lines=1-2', 0, 9 * MIB],
    ];
    for (const [Range, start, end] of ranges) {
      expect((await read('ranges', { Range })).equals(body.subarray(start, end)), Range).toBe(true);
    }
    const partial = await s3.send(new HeadObjectCommand({ Bucket, Key: 'ranges', Range: 'bytes=5-9' }));
    expect([partial.ContentLength, partial.ContentRange]).toEqual([5, `bytes 5-9/${9 * MIB}`]);
    const past = new GetObjectCommand({ Bucket, Key: 'ranges', Range: `bytes=${9 * MIB}-` });
    expect(await refusalOf(s3.send(past))).toEqual(['InvalidRange', 416]);
    expect((await refusalOf(s3.send(new HeadObjectCommand({ Bucket, Key: 'ranges', Range: 'bytes=-0' }))))[1]).toBe(
      416,
    );
  });

  it('obey conditions', async () => {
    const Key = 'conditions';
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'one', IfNoneMatch: '*' }));
    const again = new PutObjectCommand({ Bucket, Key, Body: 'two', IfNoneMatch: '*' });
    expect(await refusalOf(s3.send(again))).toEqual(['PreconditionFailed', 412]);
    const other = new PutObjectCommand({ Bucket, Key, Body: 'two', IfMatch: '"0"' });
    expect(await refusalOf(s3.send(other))).toEqual(['PreconditionFailed', 412]);
    expect((await read(Key)).toString()).toBe('one');
    const unmodified = new GetObjectCommand({ Bucket, Key, IfNoneMatch: ETag });
    expect((await refusalOf(s3.send(unmodified)))[1]).toBe(304);
    const changed = new HeadObjectCommand({ Bucket, Key, IfMatch: '"0"' });
    expect((await refusalOf(s3.send(changed)))[1]).toBe(412);
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'two', IfMatch: ETag }));
    expect((await read(Key)).toString()).toBe('two');
  });

  it('have keys that are kept byte for byte', async () => {
    const keys = [
      '../../etc/passwd',
      'a//b',
      '.',
      '..',
      '%2e%2e%2f',
      'a+b c',
      'ü/日本/😀',
      '~!@#$^&*()_=[]{};:\'",<>?|\\',
      '\u0001',
      ' ',
    ];
    for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key: `k/${Key}`, Body: Key }));
    for (const Key of keys) expect((await read(`k/${Key}`)).toString()).toBe(Key);
    expect(await refusalOf(s3.send(new GetObjectCommand({ Bucket, Key: 'k/etc/passwd' })))).toEqual(['NoSuchKey', 404]);
  });

  it('are deleted one by one and many at once', async () => {
    for (const Key of ['d/1', 'd/2', 'd/3', 'd/&<>']) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'd/1' }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'd/1' }));
    const Objects = ['d/2', 'd/&<>', 'd/absent'].map((Key) => ({ Key }));
    const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect([Deleted, Errors]).toEqual([Objects, undefined]);
    const rest = ['d/1', 'd/2', 'd/&<>'].map((Key) => refusalOf(s3.send(new GetObjectCommand({ Bucket, Key }))));
    expect(await Promise.all(rest)).toEqual(rest.map(() => ['NoSuchKey', 404]));
    expect((await read('d/3')).toString()).toBe('d/3');
    const quiet = new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'd/3' }], Quiet: true } });
    expect((await s3.send(quiet)).Deleted).toBeUndefined();
  });

  it('change the headers of an answer on request', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'overrides', Body: 'x', ContentType: 'a/b' }));
    const command = new GetObjectCommand({
      Bucket,
      Key: 'overrides',
      ResponseContentType: 'c/d',
      ResponseExpires: new Date(0),
    });
    expect(await s3.send(command)).toMatchObject({
      ContentType: 'c/d',
      ExpiresString: 'Thu, 01 Jan 1970 00:00:00 GMT',
    });
  });
});

describe('buckets', () => {
  it('are made, found, listed and removed', async () => {
    const name = 'a.bucket-of-its-own';
    await s3.send(new CreateBucketCommand({ Bucket: name }));
    expect(await refusalOf(s3.send(new CreateBucketCommand({ Bucket: name })))).toEqual([
      'BucketAlreadyOwnedByYou',
      409,
    ]);
    expect(await s3.send(new HeadBucketCommand({ Bucket: name }))).toMatchObject({ BucketRegion: 'us-east-1' });
    expect((await s3.send(new GetBucketLocationCommand({ Bucket: name }))).LocationConstraint).toBeUndefined();
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket: name }))).Status).toBeUndefined();
    const { Buckets } = await s3.send(new ListBucketsCommand({}));
    expect(Buckets?.map((bucket) => bucket.Name)).toEqual([name, Bucket]);
    await s3.send(new PutObjectCommand({ Bucket: name, Key: 'k', Body: 'x' }));
    expect(await refusalOf(s3.send(new DeleteBucketCommand({ Bucket: name })))).toEqual(['BucketNotEmpty', 409]);
    await s3.send(new DeleteObjectCommand({ Bucket: name, Key: 'k' }));
    await s3.send(new DeleteBucketCommand({ Bucket: name }));
    expect(await refusalOf(s3.send(new HeadBucketCommand({ Bucket: name })))).toEqual(['NotFound', 404]);
    expect(await refusalOf(s3.send(new DeleteBucketCommand({ Bucket: name })))).toEqual(['NoSuchBucket', 404]);
    const put = new PutObjectCommand({ Bucket: name, Key: 'k', Body: 'x' });
    expect(await refusalOf(s3.send(put))).toEqual(['NoSuchBucket', 404]);
  });

  it('are made only in the region of the endpoint', async () => {
    const command = (LocationConstraint: 'eu-west-1') =>
      new CreateBucketCommand({ Bucket: 'elsewhere', CreateBucketConfiguration: { LocationConstraint } });
    expect(await refusalOf(s3.send(command('eu-west-1')))).toEqual(['IllegalLocationConstraintException', 400]);
    await s3.send(command('us-east-1' as 'eu-west-1'));
    await s3.send(new DeleteBucketCommand({ Bucket: 'elsewhere' }));
  });
});
