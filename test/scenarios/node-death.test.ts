/** Storage nodes die and come back while clients work: nothing acknowledged is lost, and reads go on with any one node gone. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { CreateBucketCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesOf, KIB, MIB, sha256 } from '../harness/bytes.ts';
import { TestCluster } from '../harness/cluster.ts';
import { Ledger, Load } from '../harness/ledger.ts';
import { eventually } from '../harness/processes.ts';

let cluster: TestCluster;
let scratch: string;

beforeEach(async () => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-files-'));
  cluster = await TestCluster.start({ nodes: 3 });
});

afterEach(async () => {
  await cluster?.destroy();
  fs.rmSync(scratch, { recursive: true, force: true });
});

/** Every file below, relative to the folder, with the hash of its bytes. Links are passed over. */
function hashesBelow(folder: string): Map<string, string> {
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((entry) => {
      const full = path.join(entry.parentPath, entry.name);
      return [path.relative(folder, full), sha256(fs.readFileSync(full))];
    }),
  );
}

describe('a storage node killed while a folder of thousands of files is stored', () => {
  it('costs nothing: every file is read back with each node stopped in turn', { timeout: 300_000 }, async () => {
    // Real input: the project's own dependencies, and one file of many chunks.
    const folder = path.join(scratch, 'tree');
    fs.mkdirSync(folder);
    const modules = path.resolve(import.meta.dirname, '../../node_modules');
    for (const name of ['@aws-sdk', '@smithy', 'fast-check', 'protobufjs', 'fastify', 'pino']) {
      if (fs.existsSync(path.join(modules, name)))
        fs.cpSync(path.join(modules, name), path.join(folder, name), { recursive: true });
    }
    fs.writeFileSync(path.join(folder, 'large'), bytesOf('large', 200 * MIB));
    const expected = hashesBelow(folder);
    expect(expected.size).toBeGreaterThan(1000);

    expect((await cluster.cairn(['mb', 'tree'])).code).toBe(0);
    const put = cluster.startCairn(['put', '-r', folder, 'tree', '--json']);
    await eventually('some files are stored', async () => {
      const listed = await cluster.s3().send(new ListObjectsV2Command({ Bucket: 'tree' }));
      return (listed.KeyCount ?? 0) > 200;
    });
    const victim = cluster.pid('storage-node-2');
    process.kill(victim, 'SIGKILL');
    const done = await put.finished;
    expect(done.stderr).toBe('');
    expect(done.code).toBe(0);
    await eventually('the node was started again', () => cluster.pid('storage-node-2') !== victim);
    await cluster.nodeState('storage-node-2', 'alive');

    for (const node of [1, 2, 3]) {
      const pid = cluster.pid(`storage-node-${node}`);
      process.kill(pid, 'SIGSTOP');
      try {
        const back = path.join(scratch, `back-${node}`);
        const got = await cluster.cairn(['get', '-r', 'tree', back], { timeoutMs: 120_000 });
        expect(got.stderr).not.toMatch(/fail/i);
        expect(got.code).toBe(0);
        const found = hashesBelow(back);
        expect(found.size).toBe(expected.size);
        for (const [name, hash] of expected) expect(found.get(name), name).toBe(hash);
        fs.rmSync(back, { recursive: true });
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      await cluster.nodeState(`storage-node-${node}`, 'alive');
    }
  });
});

describe('one node after the other killed under load', () => {
  it('loses no acknowledged object and serves no wrong byte', { timeout: 180_000 }, async () => {
    const s3 = cluster.s3();
    await s3.send(new CreateBucketCommand({ Bucket: 'load' }));
    const ledger = new Ledger('load');
    const load = new Load({ ledger, client: s3, writers: 6, bytes: [4 * KIB, 100 * KIB, 3 * MIB] });
    for (const node of [1, 2, 3]) {
      const before = ledger.acknowledgedCount;
      await eventually('the load makes progress', () => ledger.acknowledgedCount > before + 30);
      const pid = cluster.pid(`storage-node-${node}`);
      process.kill(pid, 'SIGKILL');
      const after = ledger.acknowledgedCount;
      await eventually('writes go on without the node', () => ledger.acknowledgedCount > after + 20, {
        timeoutMs: 10_000,
      });
      await eventually('the node was started again', () => cluster.pid(`storage-node-${node}`) !== pid);
      await cluster.nodeState(`storage-node-${node}`, 'alive');
    }
    await load.stop();
    expect(await ledger.audit(s3)).toEqual([]);
  });
});

describe('a stopped node', () => {
  it('is suspected, declared down and welcomed back', async () => {
    const pid = cluster.pid('storage-node-3');
    await cluster.nodeState('storage-node-3', 'alive');
    process.kill(pid, 'SIGSTOP');
    try {
      await cluster.nodeState('storage-node-3', 'suspect');
      await cluster.nodeState('storage-node-3', 'down');
      const status = await cluster.status();
      expect(status.health).toBe('degraded');
      expect(status.reasons.join(' ')).toContain('storage-node-3');
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await cluster.nodeState('storage-node-3', 'alive');
  });
});
