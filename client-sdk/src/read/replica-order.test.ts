import { endpointOf, type NodeState, parseNodeId, type ReplicaLocation } from '@cairn/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderReplicas } from './replica-order.ts';

function replica(name: string, state: NodeState = 'alive', hostId = ''): ReplicaLocation {
  const endpoint = { ...endpointOf(`${name}:1`), hostId };
  return { nodeId: parseNodeId(name), endpoint, state, domain: { zone: '', rack: '', host: name } };
}

const names = (replicas: readonly ReplicaLocation[]) => replicas.map(({ nodeId }) => nodeId as string);
const never = () => 0;

describe('the order of replicas', () => {
  it('holds each replica once', () => {
    const states = fc.constantFrom<NodeState>('alive', 'slow', 'readonly', 'suspect', 'down', 'draining');
    fc.assert(
      fc.property(
        fc.array(states, { maxLength: 6 }),
        fc.nat(),
        fc.array(fc.nat({ max: 2 })),
        (list, turn, penalties) => {
          const replicas = list.map((state, at) => replica(`n${at}`, state));
          const penaltyOf = (nodeId: string) => penalties[Number(nodeId.slice(1))] ?? 0;
          const ordered = orderReplicas({ replicas, hostId: '', penaltyOf, turn });
          expect(names(ordered).sort()).toEqual(names(replicas).sort());
          const penaltiesInOrder = names(ordered).map(penaltyOf);
          expect(penaltiesInOrder).toEqual([...penaltiesInOrder].sort());
        },
      ),
    );
  });

  it('takes turns between equals', () => {
    const replicas = [replica('a'), replica('b'), replica('c')];
    const firsts = [0, 1, 2, 3].map(
      (turn) => names(orderReplicas({ replicas, hostId: '', penaltyOf: never, turn }))[0],
    );
    expect(firsts).toEqual(['a', 'b', 'c', 'a']);
  });

  it('asks alive nodes first, slow and suspect ones later, dead ones last', () => {
    const states: NodeState[] = ['dead', 'suspect', 'slow', 'readonly', 'alive'];
    const replicas = states.map((state) => replica(state, state));
    const ordered = orderReplicas({ replicas, hostId: '', penaltyOf: never, turn: 3 });
    expect(names(ordered)).toEqual(['alive', 'readonly', 'slow', 'suspect', 'dead']);
  });

  it('prefers this host among equals only', () => {
    const replicas = [replica('far'), replica('near', 'alive', 'me'), replica('near-slow', 'slow', 'me')];
    const ordered = orderReplicas({ replicas, hostId: 'me', penaltyOf: never, turn: 0 });
    expect(names(ordered)).toEqual(['near', 'far', 'near-slow']);
  });

  it('asks a node that just failed after all others, and a bad copy last', () => {
    const replicas = [replica('bad'), replica('failing'), replica('suspect', 'suspect')];
    const penaltyOf = (nodeId: string) => (nodeId === 'bad' ? 2 : nodeId === 'failing' ? 1 : 0);
    expect(names(orderReplicas({ replicas, hostId: '', penaltyOf, turn: 0 }))).toEqual(['suspect', 'failing', 'bad']);
  });
});
