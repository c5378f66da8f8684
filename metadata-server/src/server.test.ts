import { CairnError, type NodeId, type RenewSessionResponse, type VolumeId, versionId } from '@cairn/core';
import { SeededRandom } from '@cairn/core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { NO_PRECONDITION } from './operations/operations.fixture.ts';
import { startCluster, type TestCluster, type TestNode, TIMERS } from './server.fixture.ts';

let cluster: TestCluster;

afterEach(() => cluster.close());

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: CairnError) => error.code,
  );

const status = () => cluster.clock.run(cluster.client.call('MetadataServer.GetStatus', {}));
const volumes = async () => (await cluster.clock.run(cluster.client.call('MetadataServer.ListVolumes', {}))).volumes;
const renew = (request: Parameters<typeof cluster.client.call<'MetadataServer.RenewSession'>>[1]) =>
  cluster.clock.run(cluster.client.call('MetadataServer.RenewSession', request));

async function threeNodes(overrides: Record<string, unknown> = {}) {
  cluster = await startCluster(overrides);
  return [await cluster.addNode('n1'), await cluster.addNode('n2'), await cluster.addNode('n3')] as const;
}

describe('a cluster of three nodes', () => {
  it('grants volumes with three replicas on three hosts, and is well', async () => {
    await threeNodes();
    const { grants, sessionId, replicas, writeQuorum, token } = await cluster.openSession();
    expect({ sessionId, replicas, writeQuorum }).toEqual({ sessionId: 1, replicas: 3, writeQuorum: 2 });
    expect(token).toMatch(/^cairn1 session 1 /);
    expect(grants).toHaveLength(2);
    for (const { replicas: copies, generation } of grants) {
      expect(generation).toBe(1);
      expect(copies.map(({ nodeId }) => nodeId).sort()).toEqual(['n1', 'n2', 'n3']);
      expect(copies.map(({ state }) => state)).toEqual(['alive', 'alive', 'alive']);
    }
    expect(await status()).toMatchObject({
      health: 'ok',
      reasons: [],
      safeMode: false,
      volumesOpen: 2,
      volumesUnderReplicated: 0,
      volumesLost: 0,
    });
  });

  it('waits at the start for nodes that come one after the other', async () => {
    cluster = await startCluster();
    await cluster.addNode('n1');
    await cluster.clock.advance(900);
    await cluster.addNode('n2');
    await cluster.clock.advance(900);
    expect(await volumes()).toEqual([]);
    await cluster.addNode('n3');
    await cluster.until(async () => (await volumes()).length === 2);
    expect((await volumes()).map(({ replicas }) => replicas.length)).toEqual([3, 3]);
  });

  it('makes do with two nodes when no third comes', async () => {
    cluster = await startCluster();
    await cluster.addNode('n1');
    await cluster.addNode('n2');
    await cluster.until(async () => (await volumes()).length === 2);
    expect((await volumes()).map(({ replicas }) => replicas.length)).toEqual([2, 2]);
    expect(await status()).toMatchObject({ health: 'degraded', volumesUnderReplicated: 2 });
  });

  it('never puts two replicas on one host', async () => {
    cluster = await startCluster();
    await cluster.addNode('n1', { domain: { host: 'same' } });
    await cluster.addNode('n2', { domain: { host: 'same' } });
    await cluster.clock.advance(8000);
    expect(await volumes()).toEqual([]);
    expect(await status()).toMatchObject({ health: 'critical' });
  });

  it('seals the volumes of a node that falls silent, goes on with two replicas, and makes full ones when it is back', async () => {
    const [n1] = await threeNodes();
    await cluster.until(async () => (await volumes()).length === 2);
    n1.crash();
    await cluster.until(async () => (await volumes()).some(({ replicas }) => replicas.length === 2));
    const { grants } = await cluster.openSession();
    expect(grants[0]?.replicas.map(({ nodeId }) => nodeId).sort()).toEqual(['n2', 'n3']);
    expect((await volumes()).slice(0, 2).map(({ state, generation }) => [state, generation])).toEqual([
      ['sealed', 2],
      ['sealed', 2],
    ]);
    expect(await status()).toMatchObject({ health: 'degraded' });
    await cluster.until(async () => (await status()).nodes.find(({ id }) => id === 'n1')?.state === 'down');
    expect(n1.volumes.get(1 as VolumeId)?.state).toBe('open');
    await cluster.clock.run(n1.start());
    expect([...n1.volumes.values()].slice(0, 2).map(({ state, generation }) => [state, generation])).toEqual([
      ['sealed', 2],
      ['sealed', 2],
    ]);
    await cluster.until(async () => {
      const open = (await volumes()).filter(({ state }) => state === 'open');
      return open.length === 2 && open.every(({ replicas }) => replicas.length === 3);
    });
  });

  it('seals a volume that a writer reports, tells its nodes, and grants others in the same answer', async () => {
    const [n1, n2] = await threeNodes();
    const { sessionId, grants } = await cluster.openSession();
    const volumeId = grants[0]?.volumeId as VolumeId;
    n1.crash();
    const failures = [{ volumeId, nodeId: n1.id, code: 'UNAVAILABLE' }];
    const renewed = await renew({ sessionId, failures });
    expect(renewed.grants.map((grant) => grant.volumeId)).not.toContain(volumeId);
    expect(renewed.grants.length).toBeGreaterThan(0);
    await cluster.until(() => n2.volumes.get(volumeId)?.state === 'sealed');
    expect(n2.volumes.get(volumeId)?.generation).toBe(2);
    const again = await renew({ sessionId, failures });
    expect(again.grants.length).toBeGreaterThan(0);
  });

  it('seals a volume that has reached its size, or whose replica failed, and opens another', async () => {
    const [n1] = await threeNodes({ volumeSize: '1MiB' });
    const { grants } = await cluster.openSession();
    const [first, second] = grants.map(({ volumeId }) => volumeId) as [VolumeId, VolumeId];
    Object.assign(n1.volumes.get(first) ?? {}, { logBytes: 2 ** 20 });
    Object.assign(n1.volumes.get(second) ?? {}, { state: 'failed' });
    await cluster.until(async () => (await volumes()).filter(({ state }) => state === 'open').length === 2);
    await cluster.until(async () => (await volumes()).filter(({ state }) => state === 'sealed').length === 2);
    expect((await cluster.openSession()).grants.map(({ volumeId }) => volumeId)).not.toContain(first);
  });

  it('does not litter the nodes that answer while no quorum can make a volume', async () => {
    cluster = await startCluster();
    const n1 = await cluster.addNode('n1');
    const refuse = (node: TestNode) => {
      node.refuses = new CairnError('DISK_FAILED');
    };
    const others = [await cluster.addNode('n2', { prepare: refuse }), await cluster.addNode('n3', { prepare: refuse })];
    await cluster.clock.advance(2000);
    const { sessionId } = await cluster.openSession();
    for (let tries = 0; tries < 60; tries++) expect(await codeOf(renew({ sessionId, failures: [] }))).not.toBe('done');
    expect(n1.volumes.size).toBeLessThan(50);
    for (const node of others) node.refuses = undefined;
    await cluster.until(async () => (await volumes()).length >= 2);
  });

  it('makes a volume of those that answer when a node refuses, and leaves that node alone for a while', async () => {
    cluster = await startCluster();
    await cluster.addNode('n1');
    await cluster.addNode('n2');
    const refuse = (node: TestNode) => {
      node.refuses = new CairnError('DISK_FAILED');
    };
    const n3 = await cluster.addNode('n3', { prepare: refuse });
    const open = async () => (await volumes()).filter(({ state }) => state === 'open');
    await cluster.until(async () => (await open()).length === 2);
    expect((await open()).map(({ replicas }) => replicas.length)).toEqual([2, 2]);
    await cluster.clock.advance(60_000);
    expect(await volumes()).toHaveLength(2);
    n3.refuses = undefined;
    await cluster.until(async () => (await open()).every(({ replicas }) => replicas.length === 3));
    expect(await open()).toHaveLength(2);
  });
});

describe('writing without enough nodes', () => {
  it('opens a session without grants, and says why when it is renewed', async () => {
    cluster = await startCluster();
    const n1 = await cluster.addNode('n1');
    await cluster.clock.advance(6000);
    const { sessionId, grants } = await cluster.openSession();
    expect(grants).toEqual([]);
    expect(await codeOf(renew({ sessionId, failures: [] }))).toBe('WRITE_QUORUM_UNAVAILABLE');
    const n2 = await cluster.addNode('n2');
    n1.usedBytes = n1.capacityBytes;
    n2.readOnly = true;
    await cluster.clock.advance(2000);
    expect(await codeOf(renew({ sessionId, failures: [] }))).toBe('STORAGE_FULL');
    expect(await status()).toMatchObject({ health: 'critical' });
    n2.readOnly = false;
    n1.usedBytes = 0;
    await cluster.clock.advance(1000);
    const renewed: RenewSessionResponse = await renew({ sessionId, failures: [] });
    expect(renewed.grants).toHaveLength(2);
  });

  it('renews the lease although there is nothing to grant, so that deletes go on', async () => {
    cluster = await startCluster();
    const { sessionId } = await cluster.openSession();
    for (let time = 0; time < 3 * TIMERS.sessionTtlMs; time += TIMERS.sessionTtlMs / 3) {
      expect(await codeOf(renew({ sessionId, failures: [] }))).toBe('WRITE_QUORUM_UNAVAILABLE');
      await cluster.clock.advance(TIMERS.sessionTtlMs / 3);
    }
    const createBucket = { bucket: 'photos' };
    const commitId = versionId(sessionId, 1);
    const commit = { sessionId, commitId, settledCounter: 0, createBucket };
    expect(await codeOf(cluster.clock.run(cluster.client.call('MetadataServer.Commit', commit)))).toBe('done');
  });
});

describe('sessions', () => {
  it('end when they are not renewed, and their commits are refused from then on', async () => {
    await threeNodes();
    const { sessionId } = await cluster.openSession();
    const commit = (counter: number) => {
      const commitId = versionId(sessionId, counter);
      const request = { sessionId, commitId, settledCounter: counter - 1, createBucket: { bucket: `b${counter}0` } };
      return codeOf(cluster.clock.run(cluster.client.call('MetadataServer.Commit', request)));
    };
    expect(await commit(1)).toBe('done');
    await cluster.clock.advance(2 * TIMERS.sessionTtlMs);
    expect(await commit(2)).toBe('SESSION_NOT_FOUND');
    expect(await codeOf(renew({ sessionId, failures: [] }))).toBe('SESSION_NOT_FOUND');
    await cluster.clock.advance(2000);
    const results = cluster.server.metrics().find(({ name }) => name === 'cairn_metadata_commit_results');
    expect(results?.value).toBe(0);
  });

  it('lose the results that they have settled', async () => {
    cluster = await startCluster();
    const { sessionId } = await cluster.openSession();
    for (let counter = 1; counter <= 10; counter++) {
      const commitId = versionId(sessionId, counter);
      const request = { sessionId, commitId, settledCounter: counter - 1, createBucket: { bucket: `b${counter}0` } };
      await cluster.clock.run(cluster.client.call('MetadataServer.Commit', request));
    }
    await cluster.clock.advance(2000);
    const results = cluster.server.metrics().find(({ name }) => name === 'cairn_metadata_commit_results');
    expect(results?.value).toBe(1);
    await cluster.clock.run(cluster.client.call('MetadataServer.CloseSession', { sessionId }));
    await cluster.clock.advance(2000);
    expect(cluster.server.metrics().find(({ name }) => name === 'cairn_metadata_sessions')?.value).toBe(0);
  });
});

describe('registration', () => {
  it('refuses a node of another cluster, and an older copy of a folder', async () => {
    const [n1] = await threeNodes();
    await cluster.clock.advance(1000);
    const { clusterId, incarnation } = n1;
    n1.clusterId = 'another';
    expect(await codeOf(cluster.clock.run(n1.register()))).toBe('CLUSTER_MISMATCH');
    n1.clusterId = clusterId;
    n1.incarnation = incarnation - 1;
    expect(await codeOf(cluster.clock.run(n1.register()))).toBe('INCARNATION_STALE');
    n1.incarnation = incarnation;
    expect(await codeOf(cluster.clock.run(n1.register()))).toBe('done');
    const stale = { ...n1, incarnation };
    expect(n1.incarnation).toBe(stale.incarnation + 1);
  });

  it('tells a node that has not registered, and one that is out of date, by the heartbeat', async () => {
    const [n1, n2] = await threeNodes();
    const heartbeat = (nodeId: NodeId, incarnation: number) => {
      const vitals = { capacityBytes: 1, usedBytes: 0, readOnly: false, fsyncP99Ms: 0, volumes: [] };
      return codeOf(cluster.clock.run(n2.leader.call('MetadataServer.Heartbeat', { nodeId, incarnation, ...vitals })));
    };
    expect(await heartbeat('n9' as NodeId, 1)).toBe('NODE_UNKNOWN');
    expect(await heartbeat(n1.id, n1.incarnation - 1)).toBe('INCARNATION_STALE');
    expect(await heartbeat(n1.id, n1.incarnation)).toBe('done');
  });

  it('seals an open volume whose replica is gone from the folder', async () => {
    const [n1] = await threeNodes();
    await cluster.until(async () => (await volumes()).length === 2);
    n1.crash();
    n1.volumes.clear();
    await cluster.clock.run(n1.start());
    await cluster.until(async () => (await volumes()).slice(0, 2).every(({ state }) => state === 'sealed'));
    expect((await status()).volumesUnderReplicated).toBeGreaterThanOrEqual(2);
  });
});

describe('callers', () => {
  it('are refused without the root key or the cluster secret, and clients may not speak as nodes', async () => {
    await threeNodes();
    const { endpoint } = cluster.server;
    const random = new SeededRandom(3);
    const stranger = (authorization: string) =>
      cluster.network.transport('stranger').connect({ endpoint, authorization: () => authorization });
    const ask = (authorization: string) =>
      codeOf(cluster.clock.run(stranger(authorization).call('MetadataServer.GetStatus', {})));
    expect(await ask('')).toBe('UNAUTHENTICATED');
    expect(await ask(`cairn1 cluster ${cluster.clock.now()} ${random.word()} abc`)).toBe('PERMISSION_DENIED');
    const vitals = { capacityBytes: 1, usedBytes: 0, readOnly: false, fsyncP99Ms: 0, volumes: [] };
    const beat = cluster.client.call('MetadataServer.Heartbeat', { nodeId: 'n1' as NodeId, incarnation: 1, ...vitals });
    expect(await codeOf(cluster.clock.run(beat))).toBe('PERMISSION_DENIED');
  });
});

describe('damage', () => {
  it('that readers report shows in the status and with the replica', async () => {
    const [n1] = await threeNodes();
    const { grants, sessionId } = await cluster.openSession();
    const volumeId = grants[0]?.volumeId as VolumeId;
    const report = { volumeId, nodeId: n1.id, chunkId: versionId(sessionId, 1) as never, code: 'CHUNK_CORRUPT' };
    for (let times = 0; times < 2; times++) {
      await cluster.clock.run(cluster.client.call('MetadataServer.ReportChunk', report));
    }
    expect(await status()).toMatchObject({ health: 'degraded', chunksReported: 1 });
    const replica = (await volumes())[0]?.replicas.find(({ nodeId }) => nodeId === n1.id);
    expect(replica?.damagedChunks).toBe(1);
  });
});

describe('objects over the wire', () => {
  it('are committed, read, listed and deleted', async () => {
    await threeNodes();
    const { sessionId } = await cluster.openSession();
    const call = cluster.client.call.bind(cluster.client);
    let counter = 0;
    const commit = (operation: object) => {
      counter += 1;
      const head = { sessionId, commitId: versionId(sessionId, counter), settledCounter: counter - 1 };
      return cluster.clock.run(call('MetadataServer.Commit', { ...head, ...operation }));
    };
    await commit({ createBucket: { bucket: 'photos' } });
    const object = { bytes: 0, etag: 'e', headers: [], userMetadata: [{ name: '__proto__', value: 'x' }], chunks: [] };
    for (const key of ['a/1', 'a/2', 'b']) {
      await commit({ putObject: { bucket: 'photos', key, ...object, precondition: NO_PRECONDITION } });
    }
    const get = (key: string) =>
      cluster.clock.run(call('MetadataServer.GetObject', { bucket: 'photos', key, headOnly: false }));
    expect((await get('b')).version).toMatchObject({ etag: 'e', userMetadata: [{ name: '__proto__', value: 'x' }] });
    expect(await codeOf(get('c'))).toBe('OBJECT_NOT_FOUND');
    const page = { bucket: 'photos', prefix: '', delimiter: '/', startAfter: '', startAfterPrefix: false, limit: 1 };
    const first = await cluster.clock.run(call('MetadataServer.ListObjects', page));
    expect(first).toEqual({ objects: [], commonPrefixes: ['a/'], nextStartAfter: 'a/', nextStartAfterPrefix: true });
    const next = { ...page, startAfter: first.nextStartAfter, startAfterPrefix: first.nextStartAfterPrefix };
    const second = await cluster.clock.run(call('MetadataServer.ListObjects', next));
    expect(second).toMatchObject({ objects: [{ key: 'b' }], nextStartAfter: '' });
    await commit({ deleteObject: { bucket: 'photos', key: 'b', precondition: NO_PRECONDITION } });
    expect(await codeOf(get('b'))).toBe('OBJECT_NOT_FOUND');
  });
});
