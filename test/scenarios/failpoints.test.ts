/**
 * Crash at every failpoint, start again, look: nothing acknowledged is lost, nothing is half visible. The list is the code's own,
 * so a failpoint that no load reaches fails here.
 */
import { CreateBucketCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import { FAILPOINTS, type Failpoint } from '@cairn/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KIB, MIB } from '../harness/bytes.ts';
import { TestCluster } from '../harness/cluster.ts';
import { Ledger, Load } from '../harness/ledger.ts';
import { eventually } from '../harness/processes.ts';

type Role = 'storage-node-1' | 'metadata-server-1' | 'gateway-1';

/** Where each failpoint lies, and at which pass to crash: late enough that work is under way. */
const PLACES: Record<Failpoint, { role: Role; pass: number; restart?: Role }> = {
  'volume.create.beforeDirSync': { role: 'storage-node-1', pass: 1 },
  'append.mid': { role: 'storage-node-1', pass: 20 },
  'append.beforeSync': { role: 'storage-node-1', pass: 20 },
  'append.afterSync': { role: 'storage-node-1', pass: 20 },
  'index.afterBatch': { role: 'storage-node-1', pass: 5 },
  'register.afterCommit': { role: 'storage-node-1', pass: 1 },
  // Sessions outlive the leader; a new gateway opens a new one.
  'session.afterOpen': { role: 'metadata-server-1', pass: 1, restart: 'gateway-1' },
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
const ledgers: Ledger[] = [];
/** One object of two chunks: reading it passes from one block to the next. */
const large = new Ledger('crash-large');

beforeAll(async () => {
  cluster = await TestCluster.start({ args: ['--no-restart'] });
  await cluster.s3().send(new CreateBucketCommand({ Bucket: large.bucket }));
  await large.put(cluster.s3(), 'large', 'large', 12 * MIB);
  for (const role of ['storage-node-1', 'metadata-server-1', 'gateway-1'] as const) {
    await cluster.kill(role);
    cluster.startAlone(role);
  }
});

afterAll(() => cluster?.destroy());

/** Reads and writes until stopped; writes go on through the crash. */
async function whileBusy(ledger: Ledger, action: () => Promise<void>): Promise<void> {
  const client = cluster.s3();
  const load = new Load({ ledger, client, writers: 4, bytes: [10, 4 * KIB, 300 * KIB, 9 * MIB] });
  let reading = true;
  const reads = (async () => {
    while (reading) {
      const done = await client
        .send(new GetObjectCommand({ Bucket: large.bucket, Key: 'large' }))
        .catch(() => undefined);
      await done?.Body?.transformToByteArray().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  try {
    await action();
  } finally {
    reading = false;
    await load.stop();
    await reads;
  }
}

describe('a crash at', () => {
  it.each(FAILPOINTS)('%s loses nothing that was acknowledged', { timeout: 90_000 }, async (name) => {
    const { role, pass, restart } = PLACES[name];
    const ledger = new Ledger(`crash-${name.toLowerCase()}`);
    ledgers.push(ledger);
    await eventually('the bucket is made', () => makeBucket(ledger.bucket));
    await cluster.stopAlone(role);
    const crashing = cluster.startAlone(role, { CRASH_AT: `${name}:${pass}` });
    if (restart !== undefined) {
      await cluster.stopAlone(restart);
      cluster.startAlone(restart);
    }
    await whileBusy(ledger, async () => {
      await eventually(`${name} is reached`, () => !crashing.alive, { timeoutMs: 40_000 });
      const { signal, stderr } = await crashing.finished;
      expect(signal, stderr).toBe('SIGKILL');
      cluster.startAlone(role);
      const before = ledger.acknowledgedCount;
      await eventually('the cluster takes writes', () => ledger.acknowledgedCount > before + 5);
    });
    expect(await ledger.audit(cluster.s3())).toEqual([]);
  });

  it('any of them, and all others after it, lost nothing', { timeout: 60_000 }, async () => {
    for (const ledger of [large, ...ledgers]) expect(await ledger.audit(cluster.s3()), ledger.bucket).toEqual([]);
  });
});

async function makeBucket(bucket: string): Promise<boolean> {
  await cluster.s3().send(new CreateBucketCommand({ Bucket: bucket }));
  return true;
}
