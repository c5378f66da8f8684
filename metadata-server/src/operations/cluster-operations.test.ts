import type { CairnError, NodeId, SessionId, VolumeId } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { systemKey } from '../keys.ts';
import { rows } from '../rows.ts';
import { bootstrapCluster } from './bootstrap-cluster.ts';
import { confirmNode } from './confirm-node.ts';
import { openSession } from './open-session.ts';
import { bench, NOW_MS } from './operations.fixture.ts';
import { registerNode } from './register-node.ts';
import { reserveVolumes } from './reserve-volumes.ts';
import { sealVolume } from './seal-volume.ts';
import { settleResults } from './settle-results.ts';

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: CairnError) => error.code,
  );

const nodeId = 'node-1' as NodeId;
const registration = (incarnation: number) =>
  registerNode({
    nodeId,
    incarnation,
    endpoint: { grpc: '127.0.0.1:1', bulk: '', grpcSocket: '', bulkSocket: '', hostId: 'h' },
    domain: { zone: 'z', rack: 'r', host: 'h' },
    capacityBytes: 1000,
  });

describe('registerNode', () => {
  it('hands out a higher incarnation each time, and stores who the node is', async () => {
    const { executor, state } = await bench();
    expect(await executor.submit(registration(0))).toBe(1);
    expect(await executor.submit(registration(1))).toBe(2);
    expect(state.nodes.get(nodeId)).toMatchObject({ incarnation: 2, domain: { zone: 'z', rack: 'r', host: 'h' } });
  });

  it('lets a node register again whose answers were lost, until a heartbeat has shown a newer incarnation', async () => {
    const { executor } = await bench();
    expect(await executor.submit(registration(0))).toBe(1);
    expect(await executor.submit(registration(0))).toBe(2);
    expect(await executor.submit(registration(0))).toBe(3);
    await executor.submit(confirmNode(nodeId, 3));
    expect(await codeOf(executor.submit(registration(2)))).toBe('INCARNATION_STALE');
    expect(await executor.submit(registration(3))).toBe(4);
    expect(await executor.submit(registration(3))).toBe(5);
  });

  it('refuses an incarnation that was never handed out', async () => {
    const { executor } = await bench();
    expect(await codeOf(executor.submit(registration(1)))).toBe('INCARNATION_STALE');
  });
});

describe('confirmNode', () => {
  it('refuses an unknown node and an incarnation that is not the newest', async () => {
    const { executor } = await bench();
    expect(await codeOf(executor.submit(confirmNode(nodeId, 1)))).toBe('NODE_UNKNOWN');
    await executor.submit(registration(0));
    await executor.submit(registration(1));
    expect(await codeOf(executor.submit(confirmNode(nodeId, 1)))).toBe('INCARNATION_STALE');
    expect(await codeOf(executor.submit(confirmNode(nodeId, 2)))).toBe('done');
  });
});

describe('volumes', () => {
  it('get ids that are never given twice', async () => {
    const { executor, volume } = await bench();
    expect(await executor.submit(reserveVolumes(2))).toEqual([volume + 1, volume + 2]);
    expect(await executor.submit(reserveVolumes(1))).toEqual([volume + 3]);
  });

  it('are sealed once, with a higher generation', async () => {
    const { executor, volume, state } = await bench();
    expect(state.volumes.get(volume)).toMatchObject({ state: 'open', generation: 1 });
    expect(await executor.submit(sealVolume(volume))).toBe(true);
    expect(await executor.submit(sealVolume(volume))).toBe(false);
    expect(state.volumes.get(volume)).toMatchObject({ state: 'sealed', generation: 2 });
    expect(await codeOf(executor.submit(sealVolume(77 as VolumeId)))).toBe('VOLUME_NOT_FOUND');
  });
});

describe('sessions', () => {
  it('get ids that are never given twice', async () => {
    const { executor, session } = await bench();
    expect(await executor.submit(openSession(NOW_MS))).toBe(session + 1);
  });

  it('refuse a late duplicate of a commit whose result was settled', async () => {
    const { executor, put, commit, session, rowsOf } = await bench();
    await commit({ createBucket: { bucket: 'photos' } }, 1);
    await put({ key: 'k', etag: 'old' }, 2);
    await put({ key: 'k', etag: 'new' }, 3);
    expect(await executor.submit(settleResults({ session, settledCounter: 2, counters: [1, 2, 3] }))).toBe(2);
    expect(await rowsOf('commitResult')).toHaveLength(1);
    expect(await codeOf(put({ key: 'k', etag: 'old' }, 2))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(put({ key: 'k', etag: 'new' }, 3))).toBe('done');
    expect(await codeOf(put({ key: 'k', etag: 'x', bucket: 'photos' }, 4))).toBe('done');
  });

  it('refuse a commit that arrives after its session has given it up', async () => {
    const { put, commit, state, session } = await bench();
    await commit({ createBucket: { bucket: 'photos' } }, 1);
    await put({ key: 'k', etag: 'new' }, 3);
    state.sessions.settle(session, 2);
    expect(await codeOf(put({ key: 'k', etag: 'old' }, 2))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(commit({ createBucket: { bucket: 'photos' } }, 1))).toBe('done');
  });

  it('that are closed lose all their results', async () => {
    const { executor, commit, session, rowsOf } = await bench();
    await commit({ createBucket: { bucket: 'photos' } }, 5);
    const all = { session: (session + 9) as SessionId, settledCounter: 0, counters: [5] };
    expect(await executor.submit(settleResults({ ...all, session }))).toBe(0);
    expect(await executor.submit(settleResults(all))).toBe(1);
    expect(await rowsOf('commitResult')).toHaveLength(1);
  });
});

describe('bootstrapCluster', () => {
  it('keeps the first id for good', async () => {
    const { executor } = await bench();
    expect(await executor.submit(bootstrapCluster({ clusterId: 'one', nowMs: 1 }))).toBe('one');
    expect(await executor.submit(bootstrapCluster({ clusterId: 'two', nowMs: 2 }))).toBe('one');
  });

  it('refuses rows of a format it does not know', async () => {
    const { executor } = await bench();
    const row = rows.cluster.encode({ clusterId: 'one', formatVersion: 99, createdMs: 1 });
    const decide = () => ({ writes: [{ key: systemKey('cluster'), value: row }], result: undefined });
    await executor.submit({ name: 'test', decide });
    const again = executor.submit(bootstrapCluster({ clusterId: 'two', nowMs: 2 }));
    expect(await codeOf(again)).toBe('METADATA_DAMAGED');
  });
});
