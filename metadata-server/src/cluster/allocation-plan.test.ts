import type { NodeId, NodeState, VolumeId } from '@cairn/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AllocationInput, type OpenVolume, planAllocation, type ReplicaStanding } from './allocation-plan.ts';
import type { PlacementCandidate } from './placement.ts';

const node = (name: string, given: Partial<PlacementCandidate> = {}): PlacementCandidate => ({
  id: name as NodeId,
  domain: { zone: 'z', rack: 'r', host: name },
  state: 'alive',
  capacityBytes: 1000,
  committedBytes: 0,
  troubled: false,
  ...given,
});

function volume(
  id: number,
  replicas: Record<string, { state?: NodeState; standing?: ReplicaStanding; logBytes?: number }>,
) {
  const list = Object.entries(replicas).map(([nodeId, { state = 'alive', standing = 'open', logBytes = 0 }]) => ({
    ...{ nodeId: nodeId as NodeId, nodeState: state, standing, logBytes },
  }));
  return { id: id as VolumeId, replicas: list } satisfies OpenVolume;
}

const full = (id: number) => volume(id, { a: {}, b: {}, c: {} });
const three = [node('a'), node('b'), node('c')];

const plan = (given: Partial<AllocationInput>) =>
  planAllocation({
    ...{ open: [], candidates: three, replicas: 3, writeQuorum: 2, volumeBytes: 100 },
    ...{ nodesExpected: false, fraction: () => 0.5, ...given },
  });

describe('planAllocation', () => {
  it('makes two full volumes on three nodes, and nothing when they are there', () => {
    const { create, seal } = plan({});
    expect(create.map(({ nodeIds }) => [...nodeIds].sort())).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]);
    expect(seal).toEqual([]);
    expect(plan({ open: [full(1), full(2)] })).toEqual({ seal: [], create: [] });
  });

  it.each<[string, Parameters<typeof volume>[1]]>([
    ['node a is suspect', { a: { state: 'suspect' }, b: {}, c: {} }],
    ['node b is down', { a: {}, b: { state: 'down' }, c: {} }],
    ['node b is readonly', { a: {}, b: { state: 'readonly' }, c: {} }],
    ['the replica on node c is failed', { a: {}, b: {}, c: { standing: 'failed' } }],
    ['the replica on node c is missing', { a: {}, b: {}, c: { standing: 'missing' } }],
    ['it has reached its size', { a: {}, b: { logBytes: 100 }, c: {} }],
  ])('seals a volume because %s, and replaces it', (reason, replicas) => {
    const { seal, create } = plan({ open: [volume(1, replicas), full(2)] });
    expect(seal).toEqual([{ id: 1, reason }]);
    expect(create).toHaveLength(1);
  });

  it('keeps volumes whose nodes have not registered yet', () => {
    const waiting = volume(1, { a: { state: 'joining', standing: 'unknown' }, b: {}, c: {} });
    expect(plan({ open: [waiting, full(2)] })).toEqual({ seal: [], create: [] });
  });

  it('waits for nodes that are expected, and makes do without them otherwise', () => {
    const two = [node('a'), node('b')];
    expect(plan({ candidates: two, nodesExpected: true }).create).toEqual([]);
    expect(plan({ candidates: two }).create).toHaveLength(2);
    expect(plan({ candidates: [node('a')] }).create).toEqual([]);
  });

  it('replaces volumes with fewer replicas one by one, and seals them when better ones are open', () => {
    const poor = [volume(1, { a: {}, b: {} }), volume(2, { a: {}, b: {} })];
    const first = plan({ open: poor });
    expect(first.seal).toEqual([]);
    expect(first.create).toMatchObject([{ replicasMin: 3 }]);
    const last = plan({ open: [...poor, full(3), full(4)] });
    expect(last.create).toEqual([]);
    expect(last.seal.map(({ id }) => id)).toEqual([1, 2]);
  });

  it('leaves a node in trouble out while the others make a quorum', () => {
    const candidates = [node('a'), node('b'), node('c', { troubled: true })];
    for (const { nodeIds } of plan({ candidates }).create) expect([...nodeIds].sort()).toEqual(['a', 'b']);
    expect(plan({ candidates, open: [volume(1, { a: {}, b: {} }), volume(2, { a: {}, b: {} })] })).toEqual({
      seal: [],
      create: [],
    });
    const worse = [node('a'), node('b', { troubled: true })];
    expect(plan({ candidates: worse }).create).toHaveLength(2);
  });

  it('spreads volumes that are made at once over all nodes', () => {
    const nine = [...'abcdefghi'].map((name) => node(name));
    const { create } = plan({ candidates: nine });
    expect(create).toHaveLength(6);
    const uses = create.flatMap(({ nodeIds }) => nodeIds);
    for (const { id } of nine) expect(uses.filter((used) => used === id)).toHaveLength(2);
  });

  it('never makes a volume on fewer hosts than the write quorum', () => {
    const anyNode = fc.record({
      host: fc.constantFrom('h1', 'h2', 'h3', 'h4'),
      state: fc.constantFrom<NodeState>('alive', 'down', 'readonly'),
      troubled: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anyNode, { maxLength: 8 }), fc.integer({ min: 1, max: 3 }), (nodes, writeQuorum) => {
        const candidates = nodes.map(({ host, state, troubled }, at) =>
          node(`n${at}`, { domain: { zone: 'z', rack: 'r', host }, state, troubled }),
        );
        for (const { nodeIds, replicasMin } of plan({ candidates, writeQuorum }).create) {
          const hosts = new Set(nodeIds.map((id) => candidates.find((each) => each.id === id)?.domain.host));
          expect(hosts.size).toBe(nodeIds.length);
          expect(hosts.size).toBeGreaterThanOrEqual(writeQuorum);
          expect(replicasMin).toBeGreaterThanOrEqual(writeQuorum);
        }
      }),
    );
  });
});
