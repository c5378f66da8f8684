/** What storage nodes and the leader tell each other: registration, heartbeats, orders (docs/protocol.md). */
import type { NodeId, VolumeId } from '../ids.ts';
import type { Endpoint } from './endpoint.ts';
import type { FailureDomain } from './objects.ts';
import type { VolumeReport } from './storage-node.ts';

/** Errors: CLUSTER_MISMATCH, INCARNATION_STALE (a clone or an older copy of the folder). */
export interface RegisterNodeRequest {
  /** '' at a node's first start. */
  clusterId: string;
  nodeId: NodeId;
  /** What the node's data folder holds; 0 at first start. */
  incarnation: number;
  endpoint: Endpoint;
  domain: FailureDomain;
  capacityBytes: number;
  usedBytes: number;
  volumes: VolumeReport[];
}

export interface RegisterNodeResponse {
  clusterId: string;
  /** To be persisted before the node serves. */
  incarnation: number;
  epoch: number;
  orders: NodeOrder[];
  heartbeatIntervalMs: number;
  /** A node that could not heartbeat for this long refuses writes. */
  fenceAfterMs: number;
}

/** What the leader wants a node to do; done before the next heartbeat, which shows it. */
export interface NodeOrder {
  kind: 'seal';
  volumeId: VolumeId;
  generation: number;
}

/** Errors: NODE_UNKNOWN (register again), INCARNATION_STALE (end the process), LEADER_UNKNOWN. */
export interface HeartbeatRequest {
  nodeId: NodeId;
  incarnation: number;
  capacityBytes: number;
  usedBytes: number;
  readOnly: boolean;
  fsyncP99Ms: number;
  /** Those that changed since the last heartbeat that was answered. */
  volumes: VolumeReport[];
}

export interface HeartbeatResponse {
  epoch: number;
  orders: NodeOrder[];
}
