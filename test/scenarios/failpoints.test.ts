/**
 * Crash at every failpoint, start again, look: nothing acknowledged is lost, nothing is half visible. The list is the code's own,
 * so a failpoint that no load reaches fails here.
 */
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { FAILPOINTS, type Failpoint } from '@cairn/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KIB, MIB } from '../harness/bytes.ts';
import { TestCluster } from '../harness/cluster.ts';
import { Ledger, Load } from '../harness/ledger.ts';
import { eventually } from '../harness/processes.ts';

type Role = 'storage-node-1' | 'metadata-server-1' | 'gateway-1';

/** Where each failpoint lies, and at which pass to crash: late enough that work is under way. */
const PLACES: Record<Failpoint, { role: Role; pass: number }> = {
  'volume.create.beforeDirSync': { role: 'storage-node-1', pass: 1 },
  'append.mid': { role: 'storage-node-1', pass: 20 },
  'append.beforeSync': { role: 'storage-node-1', pass: 20 },
  'append.afterSync': { role: 'storage-node-1', pass: 20 },
  'index.afterBatch': { role: 'storage-node-1', pass: 5 },
  'register.afterCommit': { role: 'storage-node-1', pass: 1 },
  'session.afterOpen': { role: 'metadata-server-1', pass: 1 },
  'commit.beforeTxn': { role: 'metadata-server-1', pass: 25 },
  'commit.afterTxn': { role: 'metadata-server-1', pass: 25 },
  'commit.beforeReply': { role: 'metadata-server-1', pass: 25 },
  'delete.afterTxn': { role: 'metadata-server-1', pass: 4 },
  'put.afterFirstAck': { role: 'gateway-1', pass: 20 },
  'put.afterW': { role: 'gateway-1', pass: 20 },
  'put.beforeCommit': { role: 'gateway-1', pass: 20 },
  'get.midBlock': { role: 'gateway-1', pass: 1 },
};

let cluster: TestCluster;
const ledger = new Ledger('crash');

beforeAll(async () => {
  cluster = await TestCluster.start({ args: ['--no-restart'] });
  await cluster.s3().send(new CreateBucketCommand({ Bucket: 'crash' }));
  await ledger.put(cluster.s3(), 'large', 'large', 12 * MIB);
  for (const role of ['storage-node-1', 'metadata-server-1', 'gateway-1'] as const) {
    await cluster.kill(role);
    cluster.startAlone(role);
  }
});

afterAll(() => cluster?.destroy());

describe('a crash at', () => {
  it.each(FAILPOINTS)('%s loses nothing that was acknowledged', { timeout: 120_000 }, async (name) => {
    const { role, pass } = PLACES[name];
    const s3 = cluster.s3();
    await cluster.stopAlone(role);
    const crashing = cluster.startAlone(role, { CRASH_AT: `${name}:${pass}` });
    const load = new Load({ ledger, client: s3, writers: 6, bytes: [10, 4 * KIB, 300 * KIB, 9 * MIB], prefix: name });
    const reading = name === 'get.midBlock' ? ledger.audit(s3, { concurrency: 1 }) : undefined;
    const { signal, stderr } = await Promise.race([
      crashing.finished,
      new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`${name} was not reached`)), 40_000)),
    ]);
    expect(signal, stderr).toBe('SIGKILL');
    cluster.startAlone(role);
    await load.stop();
    await reading;
    await eventually('the cluster takes writes', () => ledger.put(s3, `${name}/after`, name, 5 * KIB));
    expect(await ledger.audit(s3)).toEqual([]);
  });
});
