/** The main promise in quiet times: what was put is what is got, through every door. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytePieces, bytesOf, GIB, KIB, MIB, sha256, sha256Of } from '../harness/bytes.ts';
import { TestCluster } from '../harness/cluster.ts';

const SIZES = [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 24 * MIB + 7];

let cluster: TestCluster;
let scratch: string;

beforeAll(async () => {
  cluster = await TestCluster.start();
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-files-'));
  await cluster.s3().send(new CreateBucketCommand({ Bucket: 'round-trip' }));
});

afterAll(async () => {
  await cluster?.destroy();
  fs.rmSync(scratch, { recursive: true, force: true });
});

describe('the AWS SDK in its default settings', () => {
  it.each(SIZES)('gets back the same %i bytes', async (size) => {
    const s3 = cluster.s3();
    const body = bytesOf(`sdk-${size}`, size);
    const put = await s3.send(new PutObjectCommand({ Bucket: 'round-trip', Key: `sdk/${size}`, Body: body }));
    const got = await s3.send(new GetObjectCommand({ Bucket: 'round-trip', Key: `sdk/${size}` }));
    const bytes = (await got.Body?.transformToByteArray()) ?? new Uint8Array();
    expect(bytes.length).toBe(size);
    expect(sha256(bytes)).toBe(sha256(body));
    expect(got.ETag).toBe(put.ETag);
  });

  it('reads ranges that begin and end anywhere', async () => {
    const s3 = cluster.s3();
    const body = bytesOf('ranges', 17 * MIB + 3);
    await s3.send(new PutObjectCommand({ Bucket: 'round-trip', Key: 'ranges', Body: body }));
    const edges = [0, 1, 64 * KIB - 1, 64 * KIB, MIB, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 16 * MIB, 17 * MIB + 2];
    for (const from of edges) {
      for (const to of edges.filter((edge) => edge >= from)) {
        const got = await s3.send(
          new GetObjectCommand({ Bucket: 'round-trip', Key: 'ranges', Range: `bytes=${from}-${to}` }),
        );
        const bytes = (await got.Body?.transformToByteArray()) ?? new Uint8Array();
        expect(sha256(bytes), `${from}-${to}`).toBe(sha256(body.subarray(from, to + 1)));
        expect(got.ContentRange).toBe(`bytes ${from}-${to}/${body.length}`);
      }
    }
  });

  it('overwrites, lists and deletes', async () => {
    const s3 = cluster.s3();
    const put = (key: string, text: string) => s3.send(new PutObjectCommand({ Bucket: 'names', Key: key, Body: text }));
    await s3.send(new CreateBucketCommand({ Bucket: 'names' }));
    for (const key of ['a', 'a/b', 'a/b/c', 'a//b', '../../etc/passwd', 'z/', 'ä ö/ü', '😀']) await put(key, key);
    await put('a', 'second');
    const listed = await s3.send(new ListObjectsV2Command({ Bucket: 'names' }));
    expect(listed.Contents?.map((object) => object.Key)).toEqual([
      '../../etc/passwd',
      'a',
      'a//b',
      'a/b',
      'a/b/c',
      'z/',
      'ä ö/ü',
      '😀',
    ]);
    const second = await s3.send(new GetObjectCommand({ Bucket: 'names', Key: 'a' }));
    expect(await second.Body?.transformToString()).toBe('second');
    const rolled = await s3.send(new ListObjectsV2Command({ Bucket: 'names', Delimiter: '/' }));
    expect(rolled.CommonPrefixes?.map((prefix) => prefix.Prefix)).toEqual(['../', 'a/', 'z/', 'ä ö/']);
    await expect(s3.send(new DeleteBucketCommand({ Bucket: 'names' }))).rejects.toMatchObject({
      name: 'BucketNotEmpty',
    });
    for (const object of listed.Contents ?? [])
      await s3.send(new DeleteObjectCommand({ Bucket: 'names', Key: object.Key as string }));
    await expect(s3.send(new GetObjectCommand({ Bucket: 'names', Key: 'a' }))).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
    await s3.send(new DeleteBucketCommand({ Bucket: 'names' }));
  });

  it('keeps content type, headers and user metadata', async () => {
    const s3 = cluster.s3();
    await s3.send(
      new PutObjectCommand({
        ...{ Bucket: 'round-trip', Key: 'meta', Body: 'x', ContentType: 'text/x-cairn', CacheControl: 'max-age=7' },
        Metadata: { colour: 'blue', proto__: 'data' },
      }),
    );
    const head = await s3.send(new HeadObjectCommand({ Bucket: 'round-trip', Key: 'meta' }));
    expect(head.ContentType).toBe('text/x-cairn');
    expect(head.CacheControl).toBe('max-age=7');
    expect(head.Metadata).toEqual({ colour: 'blue', proto__: 'data' });
  });
});

describe('the command line', () => {
  it('puts and gets files of every size', async () => {
    expect((await cluster.cairn(['mb', 'from-cli'])).code).toBe(0);
    const folder = path.join(scratch, 'sizes');
    fs.mkdirSync(folder);
    for (const size of SIZES) fs.writeFileSync(path.join(folder, String(size)), bytesOf(`cli-${size}`, size));
    const put = await cluster.cairn(['put', '-r', folder, 'from-cli/sizes']);
    expect(put.stderr).not.toMatch(/fail/i);
    expect(put.code).toBe(0);
    const back = path.join(scratch, 'back');
    expect((await cluster.cairn(['get', '-r', 'from-cli/sizes', back])).code).toBe(0);
    const files = fs.readdirSync(back, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.map((entry) => entry.name).sort()).toEqual(SIZES.map(String).sort());
    for (const entry of files) {
      const bytes = fs.readFileSync(path.join(entry.parentPath, entry.name));
      expect(sha256(bytes), entry.name).toBe(sha256(bytesOf(`cli-${entry.name}`, Number(entry.name))));
    }
  });

  it('stores a file of 2 GiB with every process under 400 MiB', { timeout: 300_000 }, async () => {
    await succeeds(['mb', 'two-gib']);
    const source = path.join(scratch, 'large');
    const handle = fs.openSync(source, 'w');
    for (const piece of bytePieces('large', 2 * GIB)) fs.writeSync(handle, piece);
    fs.closeSync(handle);
    await succeeds(['put', source, 'two-gib/large']);
    fs.rmSync(source);
    const back = path.join(scratch, 'large.back');
    await succeeds(['get', 'two-gib/large', back]);
    const s3 = cluster.s3();
    const body = Readable.from(bytePieces('large', 2 * GIB));
    const target = { Bucket: 'two-gib', Key: 'large-over-http' };
    await s3.send(new PutObjectCommand({ ...target, Body: body, ContentLength: 2 * GIB }));
    const got = await s3.send(new GetObjectCommand(target));
    const overHttp = await sha256Of(got.Body as unknown as AsyncIterable<Uint8Array>);
    const expected = await sha256Of(bytePieces('large', 2 * GIB));
    expect(overHttp).toBe(expected);
    expect(await sha256Of(fs.createReadStream(back, { highWaterMark: MIB }))).toBe(expected);
    fs.rmSync(back);
    for (const [role, bytes] of peakMemory()) expect(bytes, role).toBeLessThan(400 * MIB);
  });
});

/** What a failed command says on stderr is what the failed test shows. */
async function succeeds(args: string[]): Promise<void> {
  const { code, stderr } = await cluster.cairn(args, { timeoutMs: 200_000 });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

/** The largest resident set each role ever had, as the kernel counted it. */
function peakMemory(): [string, number][] {
  return cluster.roles.map((role) => {
    const status = fs.readFileSync(`/proc/${cluster.pid(role)}/status`, 'utf8');
    return [role, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * KIB];
  });
}
