import { armFailpoint, type CommitRequest, versionId } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { NO_PRECONDITION } from './operations/operations.fixture.ts';
import { startCluster } from './server.fixture.ts';

describe('failpoints', () => {
  it.each([
    ['session.afterOpen', 'session'],
    ['commit.beforeTxn', 'bucket'],
    ['commit.afterTxn', 'bucket'],
    ['commit.beforeReply', 'bucket'],
    ['delete.afterTxn', 'delete'],
  ])('%s is passed by a client that does this first: %s', async (name, expected) => {
    let doing = 'start';
    let crashedAt = '';
    armFailpoint(name, () => {
      crashedAt = doing;
    });
    const cluster = await startCluster();
    for (const node of ['n1', 'n2', 'n3']) await cluster.addNode(node);
    await cluster.clock.advance(1000);
    doing = 'session';
    const { sessionId } = await cluster.openSession();
    let counter = 0;
    const commit = (operation: Partial<CommitRequest>) => {
      counter += 1;
      const head = { sessionId, commitId: versionId(sessionId, counter), settledCounter: counter - 1 };
      return cluster.clock.run(cluster.client.call('MetadataServer.Commit', { ...head, ...operation }));
    };
    doing = 'bucket';
    await commit({ createBucket: { bucket: 'photos' } });
    doing = 'delete';
    await commit({ deleteObject: { bucket: 'photos', key: 'k', precondition: NO_PRECONDITION } });
    expect(crashedAt).toBe(expected);
    await cluster.close();
  });
});
