/** Which granted volume the next chunk goes to: a pure decision. */
import type { NodeId, NodeState, ReplicaLocation, VolumeId, VolumeLocation } from '@cairn/core';
import { distinctHosts } from './write-quorum.ts';

export interface GrantChoice {
  /** Earlier ones are preferred: many writers on one volume share its fsyncs. */
  grants: readonly VolumeLocation[];
  writeQuorum: number;
  /** Volumes that this chunk was refused by. */
  tried?: ReadonlySet<VolumeId> | undefined;
  /** Whether this node failed a moment ago. */
  isFailing: (nodeId: NodeId) => boolean;
}

const TAKES_NO_CHUNKS: ReadonlySet<NodeState> = new Set<NodeState>(['joining', 'down', 'dead']);

/**
 * The first grant that can reach the quorum and has the fewest replicas on nodes that failed a moment ago.
 * @returns undefined when no untried grant can reach the quorum.
 */
export function chooseGrant({ grants, writeQuorum, tried, isFailing }: GrantChoice): VolumeLocation | undefined {
  let best: VolumeLocation | undefined;
  let bestFailing = Number.POSITIVE_INFINITY;
  for (const grant of grants) {
    if (tried?.has(grant.volumeId) || distinctHosts(grant.replicas, takesChunks) < writeQuorum) continue;
    let failing = 0;
    for (const replica of grant.replicas) if (isFailing(replica.nodeId)) failing += 1;
    if (failing === 0) return grant;
    if (failing < bestFailing) {
      best = grant;
      bestFailing = failing;
    }
  }
  return best;
}

function takesChunks(replica: ReplicaLocation): boolean {
  return !TAKES_NO_CHUNKS.has(replica.state);
}
