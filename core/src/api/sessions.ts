/** Sessions: a writer's lease, with ids to make and open volumes to write to (docs/protocol.md). */
import type { NodeId, SessionId, VolumeId } from '../ids.ts';
import type { VolumeLocation } from './objects.ts';

export interface OpenSessionResponse {
  sessionId: SessionId;
  /** Renew at a third of it. Commits fail with SESSION_NOT_FOUND once the leader has closed the session. */
  ttlMs: number;
  /** Authorises chunk writes of this session and all chunk reads at storage nodes. */
  token: string;
  replicas: number;
  writeQuorum: number;
  chunkBytes: number;
  /** How long a writer waits for the replicas beyond the quorum. */
  quorumExtraWaitMs: number;
  /** Open volumes to write to; any one will do, earlier ones are preferred. */
  grants: VolumeLocation[];
}

export interface RenewSessionRequest {
  sessionId: SessionId;
  /** Replicas that failed a write: the leader seals their volumes and grants others. */
  failures: ReplicaFailure[];
}

export interface RenewSessionResponse {
  ttlMs: number;
  token: string;
  grants: VolumeLocation[];
}

export interface ReplicaFailure {
  volumeId: VolumeId;
  nodeId: NodeId;
  /** The error code the writer saw. */
  code: string;
}

export interface CloseSessionRequest {
  sessionId: SessionId;
}
