import { type CairnError, type CommitRequest, type VolumeId, versionId } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { NO_PRECONDITION } from './operations/operations.fixture.ts';
import { newWorld, startCluster, type TestCluster, TIMERS } from './server.fixture.ts';

const KEPT = { metadataStore: 'journal:', listen: 'metadata:7000' };

const status = ({ clock, client }: TestCluster) => clock.run(client.call('MetadataServer.GetStatus', {}));
const volumes = async ({ clock, client }: TestCluster) =>
  (await clock.run(client.call('MetadataServer.ListVolumes', {}))).volumes;
const commit = ({ clock, client }: TestCluster, request: CommitRequest) =>
  clock.run(client.call('MetadataServer.Commit', request));

describe('a metadata server that starts again on its data', () => {
  it.each(['closed', 'killed'])('has everything that was acknowledged, when the one before was %s', async (how) => {
    const world = newWorld();
    const first = await startCluster(KEPT, world);
    const nodes = [await first.addNode('n1'), await first.addNode('n2'), await first.addNode('n3')];
    const { sessionId, grants } = await first.openSession();
    const head = (counter: number) => ({ sessionId, commitId: versionId(sessionId, counter), settledCounter: 0 });
    await commit(first, { ...head(1), createBucket: { bucket: 'photos' } });
    const object = { bytes: 0, etag: 'e', headers: [], userMetadata: [], chunks: [], precondition: NO_PRECONDITION };
    const put = { ...head(2), putObject: { bucket: 'photos', key: 'k', ...object } };
    const recorded = await commit(first, put);
    const before = { status: await status(first), volumes: await volumes(first) };
    if (how === 'closed') await world.clock.run(first.server.close());
    else {
      world.network.crash('metadata');
      world.disk.powerCut();
    }

    const second = await startCluster(KEPT, world);
    const after = await status(second);
    expect(after.clusterId).toBe(before.status.clusterId);
    expect(after.epoch).toBeGreaterThan(before.status.epoch);
    expect(after).toMatchObject({ safeMode: true, volumesOpen: 2, volumesLost: 0 });
    expect(after.nodes.map(({ id, state }) => [id, state])).toEqual([
      ['n1', 'joining'],
      ['n2', 'joining'],
      ['n3', 'joining'],
    ]);
    const read = { bucket: 'photos', key: 'k', headOnly: false };
    const { version } = await world.clock.run(second.client.call('MetadataServer.GetObject', read));
    expect(version).toMatchObject({ etag: 'e', lastModifiedMs: recorded.lastModifiedMs });
    expect(await commit(second, put)).toEqual(recorded);

    for (const node of nodes) await world.clock.run(node.register());
    await world.clock.advance(1000);
    expect(await status(second)).toMatchObject({ health: 'ok', safeMode: false });
    expect((await volumes(second)).map(({ id, generation }) => [id, generation])).toEqual(
      before.volumes.map(({ id, generation }) => [id, generation]),
    );
    const renewed = await world.clock.run(
      second.client.call('MetadataServer.RenewSession', { sessionId, failures: [] }),
    );
    expect(renewed.grants.map(({ volumeId }) => volumeId)).toEqual(grants.map(({ volumeId }) => volumeId));
    expect((await second.openSession()).sessionId).toBeGreaterThan(sessionId);
    for (const node of nodes) node.crash();
    await second.close();
  });

  it('has a node register again, and tells it then what was sealed while it could not be reached', async () => {
    const world = newWorld();
    const first = await startCluster(KEPT, world);
    const [n1] = [await first.addNode('n1'), await first.addNode('n2'), await first.addNode('n3')];
    const { sessionId, grants } = await first.openSession();
    const volumeId = grants[0]?.volumeId as VolumeId;
    n1?.crash();
    const failures = [{ volumeId, nodeId: n1?.id as never, code: 'UNAVAILABLE' }];
    await world.clock.run(first.client.call('MetadataServer.RenewSession', { sessionId, failures }));
    await first.close();

    const second = await startCluster(KEPT, world);
    expect(n1?.volumes.get(volumeId)).toMatchObject({ state: 'open', generation: 1 });
    await world.clock.run(n1?.start() as Promise<void>);
    expect(n1?.volumes.get(volumeId)).toMatchObject({ state: 'sealed', generation: 2 });
    n1?.crash();
    await second.close();
  });

  it('takes every session for alive at first, and closes those that do not renew', async () => {
    const world = newWorld();
    const first = await startCluster(KEPT, world);
    const { sessionId } = await first.openSession();
    await first.close();
    const second = await startCluster(KEPT, world);
    const create = (counter: number) => {
      const head = { sessionId, commitId: versionId(sessionId, counter), settledCounter: 0 };
      return commit(second, { ...head, createBucket: { bucket: `bucket-${counter}` } }).then(
        () => 'done',
        (error: CairnError) => error.code,
      );
    };
    await world.clock.advance(TIMERS.sessionTtlMs / 2);
    expect(await create(1)).toBe('done');
    await world.clock.advance(TIMERS.sessionTtlMs);
    expect(await create(2)).toBe('SESSION_NOT_FOUND');
    await second.close();
  });

  it('ends when a commit cannot be made durable, and answers nothing from then on', async () => {
    const world = newWorld();
    const cluster = await startCluster(KEPT, world);
    const { sessionId } = await cluster.openSession();
    world.disk.failNextSync();
    const head = { sessionId, commitId: versionId(sessionId, 1), settledCounter: 0 };
    const refused = commit(cluster, { ...head, createBucket: { bucket: 'photos' } });
    await expect(refused).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(world.clock.run(cluster.server.failed)).resolves.toBeInstanceOf(Error);
    expect(cluster.server.notReady()).toMatch(/failed/);
    await expect(status(cluster)).rejects.toMatchObject({ code: 'LEADER_UNKNOWN' });
    await cluster.close();
  });
});
