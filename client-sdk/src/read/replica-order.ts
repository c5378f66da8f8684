/** In which order the replicas of a chunk are asked: a pure decision. */
import type { NodeId, NodeState, ReplicaLocation } from '@cairn/core';

export interface ReplicaChoice {
  replicas: readonly ReplicaLocation[];
  /** This reader's host, or '' when unknown. */
  hostId: string;
  /** How much to avoid a node besides its state: 0 not at all, 1 it failed a moment ago, 2 its copy is known to be bad. */
  penaltyOf: (nodeId: NodeId) => number;
  /** Grows by one with each choice, so that equals take turns. */
  turn: number;
}

/** CONTRACT.md, node states: who is read first. One that should not be read at all is still better than no answer. */
const STATE_RANK: Record<NodeState, number> = {
  alive: 0,
  draining: 0,
  readonly: 1,
  slow: 2,
  suspect: 3,
  joining: 4,
  down: 5,
  dead: 6,
};

/** All replicas, best first: by penalty, then state, then those on this host, and in turns where that is equal. */
export function orderReplicas({ replicas, hostId, penaltyOf, turn }: ReplicaChoice): ReplicaLocation[] {
  const count = replicas.length;
  const ordered: ReplicaLocation[] = [];
  const ranks: number[] = [];
  for (let step = 0; step < count; step++) {
    const replica = replicas[(turn + step) % count] as ReplicaLocation;
    const isFar = hostId === '' || replica.endpoint.hostId !== hostId ? 1 : 0;
    const rank = penaltyOf(replica.nodeId) * 100 + STATE_RANK[replica.state] * 10 + isFar;
    let at = ordered.length;
    while (at > 0 && (ranks[at - 1] as number) > rank) at -= 1;
    ordered.splice(at, 0, replica);
    ranks.splice(at, 0, rank);
  }
  return ordered;
}
