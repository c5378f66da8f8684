/** What the leader knows of all volumes, counted: how many have all their copies, and how many have none. */
import type { NodeId, NodeState, VolumeInfo, VolumeReplicaInfo, VolumeReport } from '@cairn/core';
import type { DamageReports } from './damage-reports.ts';
import { countsAsCopy, isUp } from './membership.ts';
import type { ClusterNode, NodeTable } from './node-table.ts';
import { replicaStanding } from './replica-standing.ts';
import type { Volume, VolumeTable } from './volume-table.ts';

export interface SurveyInput {
  volumes: VolumeTable;
  nodes: NodeTable;
  damage: DamageReports;
  replicas: number;
  /** A node that is down keeps counting as a copy for this long after it went down. */
  repairGraceMs: number;
  downAfterMs: number;
}

export interface VolumeSurvey {
  total: number;
  open: number;
  sealed: number;
  /** Fewer than R copies, or sealed with copies that differ. */
  underReplicated: number;
  /** No copy on any node that answers. */
  lost: number;
  damagedChunks: number;
}

export function surveyVolumes(input: SurveyInput): VolumeSurvey {
  const nodes = new Map(input.nodes.all().map((node) => [node.id, node]));
  const survey: VolumeSurvey = { total: 0, open: 0, sealed: 0, underReplicated: 0, lost: 0, damagedChunks: 0 };
  for (const volume of input.volumes.all()) {
    survey.total += 1;
    survey[volume.state] += 1;
    const copies = volume.nodeIds.filter((id) => isCopy(volume, nodes.get(id), input)).length;
    const differs = volume.state === 'sealed' && !digestsAgree(reportsOf(volume, nodes));
    if (copies < input.replicas || differs) survey.underReplicated += 1;
    if (volume.nodeIds.every((id) => isGone(volume, nodes.get(id)))) survey.lost += 1;
    for (const id of volume.nodeIds) {
      const reported = nodes.get(id)?.reports.get(volume.id)?.damagedChunks ?? 0;
      survey.damagedChunks += Math.max(reported, input.damage.count(volume.id, id));
    }
  }
  return survey;
}

function isCopy(volume: Volume, node: ClusterNode | undefined, input: SurveyInput): boolean {
  if (node === undefined) return false;
  const standing = replicaStanding(node, volume.id);
  if (standing === 'missing' || standing === 'failed') return false;
  return countsAsCopy(node.state, node.silentForMs > input.downAfterMs + input.repairGraceMs);
}

/** Nobody can read it there: the node is down, or it does not have the replica. A node that is awaited is not counted out. */
function isGone(volume: Volume, node: ClusterNode | undefined): boolean {
  if (node === undefined || node.state === 'down' || node.state === 'dead') return true;
  return replicaStanding(node, volume.id) === 'missing';
}

function reportsOf(volume: Volume, nodes: ReadonlyMap<NodeId, ClusterNode>): VolumeReport[] {
  return volume.nodeIds.flatMap((id) => {
    const node = nodes.get(id);
    return node !== undefined && isUp(node.state) ? (node.reports.get(volume.id) ?? []) : [];
  });
}

/** Whether all of these hold the same set of chunks. */
export function digestsAgree(reports: readonly Pick<VolumeReport, 'digest' | 'liveChunks'>[]): boolean {
  const [first] = reports;
  return reports.every(({ digest, liveChunks }) => digest === first?.digest && liveChunks === first.liveChunks);
}

export function volumeInfo(volume: Volume, input: Pick<SurveyInput, 'nodes' | 'damage'>): VolumeInfo {
  const replicas = volume.nodeIds.map((nodeId): VolumeReplicaInfo => {
    const node = input.nodes.get(nodeId);
    const report = node?.reports.get(volume.id);
    const nodeState: NodeState = node?.state ?? 'dead';
    return {
      nodeId,
      nodeState,
      reported: report !== undefined,
      logBytes: report?.logBytes ?? 0,
      liveBytes: report?.liveBytes ?? 0,
      liveChunks: report?.liveChunks ?? 0,
      digest: report?.digest ?? '',
      damagedChunks: Math.max(report?.damagedChunks ?? 0, input.damage.count(volume.id, nodeId)),
    };
  });
  return {
    id: volume.id,
    state: volume.state,
    generation: volume.generation,
    replicas,
    digestsAgree: digestsAgree(replicas.filter(({ reported }) => reported)),
  };
}
