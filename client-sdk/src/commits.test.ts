/** Exactly once: what the leader is told, and what the caller hears, when answers get lost. */
import { CairnError, type CommitRequest, counterOf } from '@cairn/core';
import { VirtualClock } from '@cairn/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CairnClient } from './client.ts';
import { FakeCluster, failureOf, testBytes } from './testing/fake-cluster.ts';

let clock: VirtualClock;
let cluster: FakeCluster;
let client: CairnClient;

beforeEach(async () => {
  clock = new VirtualClock();
  cluster = await FakeCluster.start({ clock });
  client = cluster.client();
});

/** Loses the answers of the first `count` calls of the method. */
function loseAnswers(method: 'Commit', count: number, code: 'UNAVAILABLE' | 'DEADLINE_EXCEEDED' = 'UNAVAILABLE'): void {
  let left = count;
  cluster.leader.onAnswer = (called) => {
    if (called === method && left-- > 0) throw new CairnError(code);
  };
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

describe('a commit', () => {
  it('whose answer is lost is sent again under the same id, and takes effect once', async () => {
    loseAnswers('Commit', 3);
    const { versionId } = await clock.run(client.bucket('b').put('k', 'x', { ifNoneMatch: '*' }));
    expect(cluster.leader.commits.map(({ commitId }) => commitId)).toEqual(Array(4).fill(versionId));
    expect(cluster.leader.results.size).toBe(1);
  });

  it('of a bucket whose answer is lost does not say that the bucket exists already', async () => {
    loseAnswers('Commit', 1, 'DEADLINE_EXCEEDED');
    await clock.run(client.createBucket('fresh'));
    expect((await clock.run(failureOf(client.createBucket('fresh')))).code).toBe('BUCKET_ALREADY_EXISTS');
    await clock.run(client.deleteBucket('fresh'));
    expect((await clock.run(client.listBuckets())).map(({ name }) => name)).toEqual(['b']);
  });

  it('that is never answered fails as unknown within a bounded time', async () => {
    loseAnswers('Commit', Number.POSITIVE_INFINITY);
    const before = clock.monotonic();
    expect((await clock.run(failureOf(client.bucket('b').put('k', 'x')))).code).toBe('UNAVAILABLE');
    expect(clock.monotonic() - before).toBeLessThanOrEqual(31_000);
    expect(new Set(cluster.leader.commits.map(({ commitId }) => commitId)).size).toBe(1);
  });

  it('whose answer is lost stays unknown when nobody leads afterwards', async () => {
    const bucket = client.bucket('b');
    await clock.run(bucket.put('warm', 'x'));
    cluster.leader.onAnswer = (method) => {
      if (method !== 'Commit') return;
      cluster.leader.onCall = () => {
        throw new CairnError('LEADER_UNKNOWN');
      };
      throw new CairnError('UNAVAILABLE');
    };
    expect((await clock.run(failureOf(bucket.put('k', 'x')))).code).toBe('UNAVAILABLE');
    expect(cluster.leader.objects.has('b/k')).toBe(true);
  });

  it('that was answered is declared settled, and none that was not', async () => {
    const bucket = client.bucket('b');
    const gate = Promise.withResolvers<void>();
    async function* slow() {
      yield 'x';
      await gate.promise;
    }
    const held = bucket.put('held', slow());
    await clock.advance(1);
    for (let at = 0; at < 10; at++) await clock.run(bucket.put(`k${at}`, 'x'));
    gate.resolve();
    await clock.run(held);
    await clock.run(bucket.put('last', 'x'));
    const counters = cluster.leader.commits.map(({ commitId }) => counterOf(commitId));
    const settled = cluster.leader.commits.map(({ settledCounter }) => settledCounter);
    const heldCounter = Math.min(...counters);
    expect(Math.max(...settled.slice(0, 11))).toBeLessThan(heldCounter);
    expect(settled.at(-1)).toBe((counters.at(-1) as number) - 1);
    cluster.leader.commits.forEach((commit) => {
      expect(commit.settledCounter).toBeLessThan(counterOf(commit.commitId));
    });
  });

  it('that waits for its body for long does not keep the leader from forgetting others', async () => {
    const bucket = client.bucket('b');
    const gate = Promise.withResolvers<void>();
    async function* slow() {
      yield 'x';
      await gate.promise;
    }
    const held = bucket.put('held', slow());
    await clock.advance(1);
    const lag = () => {
      const last = cluster.leader.commits.at(-1) as CommitRequest;
      return counterOf(last.commitId) - last.settledCounter;
    };
    for (let at = 0; at < 20_000; at += 500) {
      await clock.run(Promise.all(Array.from({ length: 500 }, () => bucket.delete('none'))));
    }
    expect(lag()).toBeLessThan(1000);
    gate.resolve();
    const { versionId } = await clock.run(held);
    expect((await clock.run(bucket.head('held'))).versionId).toBe(versionId);
    const { commitId, settledCounter } = cluster.leader.commits.at(-1) as CommitRequest;
    expect(commitId).toBe(versionId);
    expect(settledCounter).toBeLessThan(counterOf(commitId));
  });
});

describe('a session that the leader has closed', () => {
  it('is opened anew, and a body that can be read again is put again', async () => {
    const bucket = client.bucket('b');
    await clock.run(bucket.put('k', 'old'));
    cluster.leader.sessions.clear();
    await clock.run(bucket.put('k', testBytes(400_000)));
    cluster.leader.sessions.clear();
    await clock.run(bucket.delete('k'));
    expect(cluster.leader.countOf('OpenSession')).toBe(3);
  });

  it('fails a put whose body cannot be read again, and the next one succeeds', async () => {
    const bucket = client.bucket('b');
    await clock.run(bucket.put('k', 'old'));
    cluster.leader.sessions.clear();
    expect((await clock.run(failureOf(bucket.put('k', once('new'))))).code).toBe('SESSION_NOT_FOUND');
    await clock.run(bucket.put('k', once('new')));
    expect((await clock.run(bucket.head('k'))).bytes).toBe(3);
  });

  it('does not turn an unknown outcome into a certain one', async () => {
    const bucket = client.bucket('b');
    await clock.run(bucket.put('warm', 'x'));
    cluster.leader.onAnswer = (method) => {
      if (method !== 'Commit') return;
      cluster.leader.onAnswer = () => undefined;
      cluster.leader.results.clear();
      cluster.leader.sessions.clear();
      throw new CairnError('UNAVAILABLE');
    };
    expect((await clock.run(failureOf(bucket.put('k', 'x')))).code).toBe('UNAVAILABLE');
  });

  it('is noticed by the renewal as well', async () => {
    await clock.run(client.bucket('b').put('k', 'x'));
    await clock.advance(25_000);
    expect(cluster.leader.countOf('RenewSession')).toBe(1);
    cluster.leader.sessions.clear();
    await clock.advance(25_000);
    await clock.run(client.bucket('b').put('k', once('x')));
    expect(cluster.leader.countOf('OpenSession')).toBe(2);
  });

  it('is closed by the client when it closes, and nothing runs on', async () => {
    await clock.run(client.bucket('b').put('k', 'x'));
    await clock.run(client.close());
    expect(cluster.leader.sessions.size).toBe(0);
    const calls = cluster.leader.countOf('RenewSession');
    await clock.advance(600_000);
    expect(cluster.leader.countOf('RenewSession')).toBe(calls);
    expect((await clock.run(failureOf(client.bucket('b').put('k', 'x')))).code).toBe('CANCELLED');
  });
});

describe('calls to the metadata service', () => {
  it('are repeated while there is no leader', async () => {
    let refusals = 3;
    cluster.leader.onCall = () => {
      if (refusals-- > 0) throw new CairnError('LEADER_UNKNOWN');
    };
    expect(await clock.run(client.listBuckets())).toHaveLength(1);
  });

  it('are not repeated when the answer is no', async () => {
    expect((await clock.run(failureOf(client.headBucket('none')))).code).toBe('BUCKET_NOT_FOUND');
    expect(cluster.leader.countOf('GetBucket')).toBe(1);
  });
});
