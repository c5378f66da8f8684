/** Documents that are promised to scripts, and screens for people. */
import type { Explanation } from '@cairn/client-sdk';
import type { GetStatusResponse, NodeInfo } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { explanationDocument, explanationScreen } from './explain.ts';
import { statusDocument, statusScreen } from './status.ts';

const NODE = {
  id: 'storage-node-1',
  address: '127.0.0.1:7001',
  domain: { zone: 'a', rack: 'r', host: 'h' },
  state: 'alive',
  capacityBytes: 1000,
  usedBytes: 10,
  volumes: 2,
  incarnation: 1,
  lastSeenMs: 5,
  fsyncP99Ms: 1,
} as NodeInfo;

const STATUS: GetStatusResponse = {
  clusterId: 'c',
  leader: '127.0.0.1:7000',
  epoch: 3,
  safeMode: false,
  reasons: ['storage-node-2 is down'],
  health: 'degraded',
  nodes: [NODE],
  volumesTotal: 4,
  volumesOpen: 2,
  volumesSealed: 2,
  volumesUnderReplicated: 1,
  volumesLost: 0,
  garbageBytes: 7,
  chunksReported: 0,
  replicas: 3,
  writeQuorum: 2,
  workers: [{ name: 'allocator', state: 'idle', queued: 0, doneTotal: 4, lastError: '' }],
};

describe('status', () => {
  it('has exactly the document that the interface promises', () => {
    expect(statusDocument(STATUS)).toEqual({
      health: 'degraded',
      reasons: ['storage-node-2 is down'],
      safeMode: false,
      leader: '127.0.0.1:7000',
      epoch: 3,
      nodes: [
        {
          id: 'storage-node-1',
          address: '127.0.0.1:7001',
          zone: 'a',
          state: 'alive',
          usedBytes: 10,
          capacityBytes: 1000,
          volumes: 2,
        },
      ],
      volumes: { total: 4, open: 2, sealed: 2, underReplicated: 1, lost: 0 },
      garbageBytes: 7,
      workers: [{ name: 'allocator', state: 'idle', queued: 0, doneTotal: 4, lastError: '' }],
    });
  });

  it('tells a person the health, why, and the nodes', () => {
    const screen = statusScreen(STATUS);
    for (const part of [
      'degraded',
      'storage-node-2 is down',
      '1 under-replicated',
      'storage-node-1',
      'a/r/h',
      'allocator',
    ]) {
      expect(screen).toContain(part);
    }
  });
});

describe('explain', () => {
  const replica = {
    nodeId: 'n1',
    state: 'down',
    domain: { zone: 'z', rack: 'r', host: 'h' },
    endpoint: { grpc: '10.0.0.1:1' },
  };
  const explanation = {
    version: {
      versionId: 'v',
      etag: 'e',
      bytes: 15,
      lastModifiedMs: 1,
      chunks: [
        { chunkId: 'c1', volumeId: 1, bytes: 10 },
        { chunkId: 'c2', volumeId: 9, bytes: 5 },
      ],
    },
    volumes: [{ volumeId: 1, generation: 2, replicas: [replica] }],
  } as unknown as Explanation;

  it('gives each chunk its place in the object and its replicas', () => {
    const { chunks } = explanationDocument({ bucket: 'b', key: 'k' }, explanation);
    expect(chunks).toMatchObject([
      {
        offset: 0,
        bytes: 10,
        generation: 2,
        replicas: [{ nodeId: 'n1', state: 'down', zone: 'z', address: '10.0.0.1:1' }],
      },
      { offset: 10, bytes: 5, replicas: [] },
    ]);
  });

  it('shows a person where they are', () => {
    const screen = explanationScreen(explanationDocument({ bucket: 'b', key: 'k' }, explanation));
    expect(screen).toContain('n1 (z/r/h, down)');
  });
});
