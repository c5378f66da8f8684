/** How a replica stands, by what its node has said to this leader. */
import type { VolumeId } from '@cairn/core';
import type { ReplicaStanding } from './allocation-plan.ts';
import type { ClusterNode } from './node-table.ts';

export function replicaStanding(node: ClusterNode | undefined, volume: VolumeId): ReplicaStanding {
  if (node === undefined || !node.registered) return 'unknown';
  return node.reports.get(volume)?.state ?? 'missing';
}
