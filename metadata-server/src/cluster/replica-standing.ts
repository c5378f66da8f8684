/** How replicas stand, by what their nodes have said to this leader. */
import type { VolumeId } from '@cairn/core';
import type { OpenReplica, OpenVolume, ReplicaStanding } from './allocation-plan.ts';
import type { ClusterNode, NodeTable } from './node-table.ts';
import type { Volume } from './volume-table.ts';

export function replicaStanding(node: ClusterNode | undefined, volume: VolumeId): ReplicaStanding {
  if (node === undefined || !node.registered) return 'unknown';
  return node.reports.get(volume)?.state ?? 'missing';
}

/** A volume with what is known of its replicas, to plan with. */
export function openVolume(volume: Volume, nodes: NodeTable): OpenVolume {
  const replicas = volume.nodeIds.map((nodeId): OpenReplica => {
    const node = nodes.get(nodeId);
    return {
      nodeId,
      nodeState: node?.state ?? 'dead',
      standing: replicaStanding(node, volume.id),
      logBytes: node?.reports.get(volume.id)?.logBytes ?? 0,
    };
  });
  return { id: volume.id, replicas };
}
