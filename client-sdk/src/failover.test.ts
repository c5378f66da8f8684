/** Following the leader, and credentials that run out. */
import { CairnError } from '@cairn/core';
import { serviceOf, VirtualClock } from '@cairn/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeCluster, failureOf } from './testing/fake-cluster.ts';

let clock: VirtualClock;
let cluster: FakeCluster;

beforeEach(async () => {
  clock = new VirtualClock();
  cluster = await FakeCluster.start({ clock });
});

describe('a client of several metadata servers', () => {
  /** A standby in front of the leader. */
  async function standby(): Promise<{ address: string; calls: () => number }> {
    let calls = 0;
    const refuse = async (): Promise<never> => {
      calls += 1;
      throw new CairnError('LEADER_UNKNOWN');
    };
    const handlers = { OpenSession: refuse, Commit: refuse, GetObject: refuse, ListBuckets: refuse };
    const services = { MetadataServer: serviceOf('MetadataServer', handlers) };
    const authenticate = () => ({ kind: 'cluster' as const });
    const transport = cluster.network.transport('standby');
    const { endpoint } = await transport.listen({ address: 'standby:0', services, authenticate });
    return { address: endpoint.grpc, calls: () => calls };
  }

  it('finds the leader, and stays with it', async () => {
    const other = await standby();
    const client = cluster.client({ metadata: [other.address, 'nobody:1', cluster.leaderAddress] });
    await clock.run(client.bucket('b').put('k', 'x'));
    expect((await clock.run(client.bucket('b').head('k'))).bytes).toBe(1);
    for (let round = 0; round < 10; round++) await clock.run(client.listBuckets());
    expect(other.calls()).toBe(1);
  });

  it('goes to the other one when the leader dies, with the same commit id', async () => {
    const client = cluster.client({ metadata: [cluster.leaderAddress, await cluster.startLeader('second')] });
    await clock.run(client.bucket('b').put('k', 'x'));
    cluster.leader.onAnswer = (method) => {
      if (method !== 'Commit') return;
      cluster.leader.onAnswer = () => undefined;
      cluster.network.crash('leader');
    };
    const { versionId } = await clock.run(client.bucket('b').put('k', 'y', { ifMatch: '*' }));
    expect(cluster.leader.commits.slice(1).map(({ commitId }) => commitId)).toEqual([versionId, versionId]);
  });

  it('says so when none leads', async () => {
    const other = await standby();
    const client = cluster.client({ metadata: [other.address] });
    expect((await clock.run(failureOf(client.listBuckets()))).code).toBe('LEADER_UNKNOWN');
    expect(clock.monotonic()).toBeLessThanOrEqual(15_000);
  });

  it('needs at least one address', () => {
    expect(() => cluster.client({ metadata: [] })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});

describe('a client that nodes know by its session', () => {
  it('reads without having written, and again when its token is refused', async () => {
    await clock.run(cluster.client().bucket('b').put('k', 'x'));
    const reader = cluster.client({ nodesKnowBy: 'session' });
    const read = () =>
      clock.run(
        reader
          .bucket('b')
          .get('k')
          .then((got) => got.text()),
      );
    expect(await read()).toBe('x');
    let refusals = 3;
    for (const node of cluster.nodes) {
      node.onGet = (_request, answer) => {
        if (refusals-- > 0) throw new CairnError('PERMISSION_DENIED');
        return answer;
      };
    }
    expect(await read()).toBe('x');
    expect(cluster.leader.countOf('RenewSession')).toBe(1);
    const tokens = cluster.authorizations.filter((text) => text.startsWith('token'));
    expect(new Set(tokens)).toEqual(new Set(['token-2']));
    expect(tokens.length).toBeGreaterThan(1);
  });

  it('hears that it may not when nodes go on refusing', async () => {
    const client = cluster.client({ nodesKnowBy: 'session' });
    await clock.run(client.bucket('b').put('k', 'x'));
    for (const node of cluster.nodes) {
      node.onGet = () => {
        throw new CairnError('PERMISSION_DENIED');
      };
    }
    expect((await clock.run(failureOf(client.bucket('b').get('k')))).code).toBe('PERMISSION_DENIED');
  });
});

describe('a proof', () => {
  it('is asked for again at a new connection only', async () => {
    const client = cluster.client();
    for (let round = 0; round < 20; round++) await clock.run(client.bucket('b').put('k', 'x'));
    expect(cluster.authorizations.length).toBeLessThanOrEqual(4);
  });
});
