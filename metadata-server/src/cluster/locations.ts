/** Where volumes are, as readers and writers are told. */
import type { VolumeLocation } from '@cairn/core';
import { unfitReason } from './allocation-plan.ts';
import type { NodeTable } from './node-table.ts';
import { distinctHosts } from './placement.ts';
import { openVolume } from './replica-standing.ts';
import type { Volume, VolumeTable } from './volume-table.ts';

/** Open volumes that a session is granted at most. */
const GRANTS_MAX = 4;

export function locationOf(volume: Volume, nodes: NodeTable): VolumeLocation {
  const replicas = volume.nodeIds.flatMap((nodeId) => {
    const node = nodes.get(nodeId);
    return node === undefined ? [] : [{ nodeId, endpoint: node.endpoint, state: node.state, domain: node.domain }];
  });
  return { volumeId: volume.id, generation: volume.generation, replicas };
}

/**
 * The open volumes that can be written to with a quorum now: those with most writable replicas first, and of equals the oldest. All
 * sessions get them in the same order, so that their writes share one log and one fsync on each node; the later ones are there
 * to fall back on.
 */
export function grantableVolumes(
  { volumes, nodes }: { volumes: VolumeTable; nodes: NodeTable },
  { writeQuorum, volumeBytes }: { writeQuorum: number; volumeBytes: number },
): VolumeLocation[] {
  const grants: { location: VolumeLocation; writable: number }[] = [];
  for (const volume of volumes.open()) {
    if (unfitReason(openVolume(volume, nodes), volumeBytes) !== undefined) continue;
    const location = locationOf(volume, nodes);
    const alive = location.replicas.filter(({ state }) => state === 'alive');
    const writable = distinctHosts(alive.map(({ domain }) => domain));
    if (writable >= writeQuorum) grants.push({ location, writable });
  }
  grants.sort((a, b) => b.writable - a.writable);
  return grants.slice(0, GRANTS_MAX).map(({ location }) => location);
}
