/** kill -9 of everything at once, under load: what was acknowledged is there after the next start. */
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
import { KIB, MIB } from '../harness/bytes.ts';
import { TestCluster } from '../harness/cluster.ts';
import { Ledger, Load } from '../harness/ledger.ts';
import { eventually } from '../harness/processes.ts';

let cluster: TestCluster;

afterEach(() => cluster?.destroy());

describe('killing every process at once under load', () => {
  it('loses no acknowledged object, three times in a row', { timeout: 240_000 }, async () => {
    cluster = await TestCluster.start();
    await cluster.s3().send(new CreateBucketCommand({ Bucket: 'load' }));
    const ledger = new Ledger('load');
    for (let round = 0; round < 3; round++) {
      const s3 = cluster.s3();
      const before = ledger.acknowledgedCount;
      const load = new Load({
        ledger,
        client: s3,
        writers: 8,
        bytes: [1, 4 * KIB, 200 * KIB, 9 * MIB],
        prefix: `round-${round}`,
      });
      await eventually('the load makes progress', () => ledger.acknowledgedCount > before + 120);
      await cluster.killAll();
      await load.stop();
      await cluster.startAgain();
      expect(await ledger.audit(cluster.s3()), `round ${round}`).toEqual([]);
    }
  });
});

describe('the metadata server killed under load', () => {
  it('is started again, and commits in flight take effect exactly once', { timeout: 120_000 }, async () => {
    cluster = await TestCluster.start();
    const s3 = cluster.s3();
    await s3.send(new CreateBucketCommand({ Bucket: 'load' }));
    const ledger = new Ledger('load');
    const load = new Load({ ledger, client: s3, writers: 8, bytes: [100, 20 * KIB] });
    for (let round = 0; round < 3; round++) {
      const before = ledger.acknowledgedCount;
      await eventually('the load makes progress', () => ledger.acknowledgedCount > before + 100);
      const epoch = (await cluster.status()).epoch;
      const pid = cluster.pid('metadata-server-1');
      process.kill(pid, 'SIGKILL');
      await eventually('a new leader serves', async () => (await cluster.status()).epoch > epoch);
    }
    await load.stop();
    expect(await ledger.audit(s3)).toEqual([]);
  });
});
