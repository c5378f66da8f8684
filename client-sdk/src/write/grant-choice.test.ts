import { endpointOf, type NodeState, parseNodeId, parseVolumeId, type VolumeLocation } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { chooseGrant } from './grant-choice.ts';

function grant(volume: number, nodes: number[], state: NodeState = 'alive'): VolumeLocation {
  const replicas = nodes.map((node) => ({
    nodeId: parseNodeId(`node-${node}`),
    endpoint: endpointOf(`host-${node}:1`),
    state,
    domain: { zone: '', rack: '', host: `host-${node}` },
  }));
  return { volumeId: parseVolumeId(volume), generation: 1, replicas };
}

const choose = (grants: VolumeLocation[], failing: number[] = [], tried: number[] = []) =>
  chooseGrant({
    grants,
    writeQuorum: 2,
    tried: new Set(tried.map(parseVolumeId)),
    isFailing: (nodeId) => failing.some((node) => nodeId === `node-${node}`),
  })?.volumeId;

describe('the choice of a grant', () => {
  const grants = [grant(1, [1, 2, 3]), grant(2, [2, 3, 4]), grant(3, [4, 5, 6])];

  it('takes the first one', () => expect(choose(grants)).toBe(1));
  it('takes the first one without a failing node', () => expect(choose(grants, [2])).toBe(3));
  it('takes the one with the fewest failing nodes when all have some', () => {
    expect(choose(grants, [1, 2, 4])).toBe(3);
  });
  it('takes none twice', () => {
    expect(choose(grants, [], [1])).toBe(2);
    expect(choose(grants, [], [1, 2, 3])).toBeUndefined();
  });
  it('takes none that cannot reach the quorum', () => {
    expect(choose([grant(1, [1]), grant(2, [1, 2, 3], 'down')])).toBeUndefined();
    expect(choose([grant(1, [1, 1, 1]), grant(2, [1, 2])])).toBe(2);
  });
});
