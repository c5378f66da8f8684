/** What operators ask: status, nodes, volumes (docs/protocol.md). */
import type { NodeId, VolumeId } from '../ids.ts';
import type { FailureDomain, NodeState } from './objects.ts';

export interface NodeInfo {
  id: NodeId;
  address: string;
  domain: FailureDomain;
  state: NodeState;
  capacityBytes: number;
  usedBytes: number;
  volumes: number;
  incarnation: number;
  /** Milliseconds since the last heartbeat. */
  lastSeenMs: number;
  fsyncP99Ms: number;
}

export interface ListNodesResponse {
  nodes: NodeInfo[];
}

export type VolumeState = 'open' | 'sealed';

export interface VolumeInfo {
  id: VolumeId;
  state: VolumeState;
  generation: number;
  replicas: VolumeReplicaInfo[];
  /** Whether all replicas that can be compared hold the same set of chunks. */
  digestsAgree: boolean;
}

export interface VolumeReplicaInfo {
  nodeId: NodeId;
  nodeState: NodeState;
  /** false until this leader has had a report of the replica. */
  reported: boolean;
  logBytes: number;
  liveBytes: number;
  liveChunks: number;
  digest: string;
  damagedChunks: number;
}

export interface ListVolumesResponse {
  volumes: VolumeInfo[];
}

export interface WorkerInfo {
  name: string;
  state: string;
  queued: number;
  doneTotal: number;
  lastError: string;
}

export interface GetStatusResponse {
  clusterId: string;
  leader: string;
  epoch: number;
  safeMode: boolean;
  /** Why the cluster is not `ok`; empty when it is. */
  reasons: string[];
  health: 'ok' | 'degraded' | 'critical';
  nodes: NodeInfo[];
  volumesTotal: number;
  volumesOpen: number;
  volumesSealed: number;
  volumesUnderReplicated: number;
  volumesLost: number;
  garbageBytes: number;
  /** Damaged or missing chunks that readers and nodes reported since this leader started. */
  chunksReported: number;
  replicas: number;
  writeQuorum: number;
  workers: WorkerInfo[];
}
