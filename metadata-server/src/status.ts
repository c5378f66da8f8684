/** What administrators are shown: the status of the cluster, its nodes and its volumes. */
import type { GetStatusResponse, NodeInfo, VolumeInfo } from '@cairn/core';
import { isSafeMode, judgeHealth } from './cluster/health.ts';
import { surveyVolumes, volumeInfo } from './cluster/survey.ts';
import type { Leader } from './leader.ts';

export function statusOf(leader: Leader): GetStatusResponse {
  const { config, timers, state } = leader;
  const nodes = state.nodes.all();
  const survey = surveyVolumes({
    ...state,
    replicas: config.replicas,
    repairGraceMs: timers.repairGraceMs,
    downAfterMs: timers.downAfterMs,
  });
  return {
    ...judgeHealth({ nodes, survey, writeQuorum: config.writeQuorum }),
    clusterId: leader.clusterId,
    leader: leader.address,
    epoch: leader.epoch,
    safeMode: isSafeMode(nodes),
    nodes: nodesOf(leader),
    volumesTotal: survey.total,
    volumesOpen: survey.open,
    volumesSealed: survey.sealed,
    volumesUnderReplicated: survey.underReplicated,
    volumesLost: survey.lost,
    garbageBytes: state.garbage.bytes,
    chunksReported: survey.damagedChunks,
    replicas: config.replicas,
    writeQuorum: config.writeQuorum,
    workers: leader.workers.map(({ status }) => status),
  };
}

/** In order of their ids. */
export function nodesOf({ state }: Leader): NodeInfo[] {
  const nodes = state.nodes.all().sort((a, b) => (a.id < b.id ? -1 : 1));
  return nodes.map((node) => ({
    id: node.id,
    address: node.endpoint.grpc,
    domain: node.domain,
    state: node.state,
    capacityBytes: node.capacityBytes,
    usedBytes: node.usedBytes,
    volumes: state.volumes.onNode(node.id).size,
    incarnation: node.incarnation,
    lastSeenMs: node.silentForMs,
    fsyncP99Ms: node.fsyncP99Ms,
  }));
}

/** In order of their ids. */
export function volumesOf({ state }: Leader): VolumeInfo[] {
  const volumes = [...state.volumes.all()].sort((a, b) => a.id - b.id);
  return volumes.map((volume) => volumeInfo(volume, state));
}
