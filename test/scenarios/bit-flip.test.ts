/** Bytes that rot on disk: a reader gets right bytes or an error, and the replica is reported. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesOf, KIB, MIB, sha256 } from '../harness/bytes.ts';
import { TestCluster } from '../harness/cluster.ts';
import { eventually } from '../harness/processes.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start();
  await cluster.s3().send(new CreateBucketCommand({ Bucket: 'flip' }));
});

afterAll(() => cluster?.destroy());

/** Flips one bit of the first place where `needle` stands in the node's volume files. */
function flipIn(node: number, needle: Buffer): void {
  const folder = path.join(cluster.dataDir, `storage-node-${node}`);
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.vol')) continue;
    const file = path.join(entry.parentPath, entry.name);
    const at = fs.readFileSync(file).indexOf(needle);
    if (at < 0) continue;
    const handle = fs.openSync(file, 'r+');
    const byte = Buffer.alloc(1);
    fs.readSync(handle, byte, 0, 1, at + 5);
    byte[0] = (byte[0] as number) ^ 0x10;
    fs.writeSync(handle, byte, 0, 1, at + 5);
    fs.closeSync(handle);
    return;
  }
  throw new Error(`node ${node} holds no such bytes`);
}

async function put(key: string, bytes: Buffer): Promise<void> {
  await cluster.s3().send(new PutObjectCommand({ Bucket: 'flip', Key: key, Body: bytes }));
}

async function get(key: string): Promise<Uint8Array> {
  const answer = await cluster.s3({ maxAttempts: 1 }).send(new GetObjectCommand({ Bucket: 'flip', Key: key }));
  return (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
}

/** Three acknowledged copies, not only the quorum's two. */
async function threeCopies(needle: Buffer): Promise<void> {
  await eventually('three nodes hold the bytes', () =>
    [1, 2, 3].every((node) => {
      const folder = path.join(cluster.dataDir, `storage-node-${node}`);
      const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
      return files.some(
        (entry) =>
          entry.name.endsWith('.vol') && fs.readFileSync(path.join(entry.parentPath, entry.name)).includes(needle),
      );
    }),
  );
}

describe('a flipped bit', () => {
  it.each([
    ['a small object', 4 * KIB, 0],
    ['the middle of a chunk', 5 * MIB, 3 * MIB],
    ['the last block of the second chunk', 9 * MIB, 9 * MIB - 100],
  ])('in one replica of %s gives right bytes on every read', async (name, size, offset) => {
    const bytes = bytesOf(name, size);
    await put(name, bytes);
    const needle = bytes.subarray(offset, offset + 64);
    await threeCopies(needle);
    flipIn(2, needle);
    for (let time = 0; time < 12; time++) expect(sha256(await get(name))).toBe(sha256(bytes));
    await eventually('the damage is reported', async () =>
      (await cluster.status()).reasons.some((reason) => /damaged|corrupt/i.test(reason)),
    );
  });

  it('in all three replicas gives an error and never wrong bytes', async () => {
    const bytes = bytesOf('all', 3 * MIB);
    await put('all', bytes);
    await put('bystander', bytes.subarray(7));
    // The bystander holds the same bytes one block further: flip where only `all` can be meant, in its first bytes.
    const needle = bytes.subarray(0, 64);
    await threeCopies(needle);
    for (const node of [1, 2, 3]) flipIn(node, needle);
    for (let time = 0; time < 3; time++) await expect(get('all')).rejects.toThrow();
    expect(sha256(await get('bystander'))).toBe(sha256(bytes.subarray(7)));
  });
});
