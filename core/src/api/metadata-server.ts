/** Messages of the service MetadataServer (docs/protocol.md). Each has its twin in proto/src/cairn.proto; a test holds them together. */
import type { ChunkId, NodeId, SessionId, VersionId, VolumeId } from '../ids.ts';
import type { Endpoint } from './endpoint.ts';
import type { Attribute, ChunkReference, FailureDomain, NodeState, ObjectVersion, VolumeLocation } from './objects.ts';
import type { Empty, VolumeReport } from './storage-node.ts';

// ---- storage nodes ----

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

// ---- sessions ----

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

// ---- commits ----

/**
 * One change of the namespace. Exactly once per commit id: a repeated request gets the recorded result.
 * Errors: SESSION_NOT_FOUND, BUCKET_NOT_FOUND, BUCKET_ALREADY_EXISTS, BUCKET_NOT_EMPTY, BUCKET_NAME_INVALID, OBJECT_KEY_INVALID,
 * PRECONDITION_FAILED, OVERLOADED. Exactly one of the operations is set.
 */
export interface CommitRequest {
  sessionId: SessionId;
  /** Made by the session; for `putObject` it is the new version's id. */
  commitId: VersionId;
  /** Results of this session's commits with a counter up to this one are no longer needed. */
  settledCounter: number;
  putObject?: PutObject | null;
  deleteObject?: DeleteObject | null;
  createBucket?: CreateBucket | null;
  deleteBucket?: DeleteBucket | null;
}

/** '' in a precondition means: none. */
export interface Precondition {
  /** `*` or an etag without quotes. */
  ifMatch: string;
  /** `*` or an etag without quotes. */
  ifNoneMatch: string;
}

export interface PutObject {
  bucket: string;
  key: string;
  bytes: number;
  etag: string;
  headers: Attribute[];
  userMetadata: Attribute[];
  chunks: ChunkReference[];
  precondition: Precondition;
}

export interface DeleteObject {
  bucket: string;
  key: string;
  precondition: Precondition;
}

export interface CreateBucket {
  bucket: string;
}

export interface DeleteBucket {
  bucket: string;
}

export interface CommitResponse {
  lastModifiedMs: number;
  /** Of a delete: whether there was an object. */
  existed: boolean;
}

// ---- reads: linearizable ----

/** Errors: BUCKET_NOT_FOUND, OBJECT_NOT_FOUND. */
export interface GetObjectRequest {
  bucket: string;
  key: string;
  /** Leave the chunks out of the answer. */
  headOnly: boolean;
}

export interface GetObjectResponse {
  version: ObjectVersion;
}

/** One page, one snapshot, in UTF-8 byte order. Errors: BUCKET_NOT_FOUND. */
export interface ListObjectsRequest {
  bucket: string;
  prefix: string;
  /** '' for none. Keys with the delimiter after the prefix are rolled up into common prefixes. */
  delimiter: string;
  /** Only keys greater than this one; '' for all. */
  startAfter: string;
  /** `startAfter` is a common prefix that was listed already: everything below it is skipped too. */
  startAfterPrefix: boolean;
  /** 0 to LIMITS.listEntriesMax: objects and common prefixes together. */
  limit: number;
}

export interface ListObjectsResponse {
  objects: ListedObject[];
  commonPrefixes: string[];
  /** What to pass as `startAfter` for the next page; '' when this page is the last. */
  nextStartAfter: string;
  nextStartAfterPrefix: boolean;
}

export interface ListedObject {
  key: string;
  bytes: number;
  etag: string;
  lastModifiedMs: number;
}

export interface GetBucketRequest {
  bucket: string;
}

export interface BucketInfo {
  name: string;
  createdMs: number;
}

export interface ListBucketsResponse {
  buckets: BucketInfo[];
}

export interface LookupVolumesRequest {
  volumeIds: VolumeId[];
}

/** Unknown ids are left out. */
export interface LookupVolumesResponse {
  volumes: VolumeLocation[];
}

/** A reader found a replica that does not verify or does not hold a chunk that it should. */
export interface ReportChunkRequest {
  volumeId: VolumeId;
  nodeId: NodeId;
  chunkId: ChunkId;
  code: string;
}

// ---- administration ----

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

export interface MetadataServerService {
  RegisterNode: [RegisterNodeRequest, RegisterNodeResponse];
  Heartbeat: [HeartbeatRequest, HeartbeatResponse];
  OpenSession: [Empty, OpenSessionResponse];
  RenewSession: [RenewSessionRequest, RenewSessionResponse];
  CloseSession: [CloseSessionRequest, Empty];
  Commit: [CommitRequest, CommitResponse];
  GetObject: [GetObjectRequest, GetObjectResponse];
  ListObjects: [ListObjectsRequest, ListObjectsResponse];
  GetBucket: [GetBucketRequest, BucketInfo];
  ListBuckets: [Empty, ListBucketsResponse];
  LookupVolumes: [LookupVolumesRequest, LookupVolumesResponse];
  ReportChunk: [ReportChunkRequest, Empty];
  GetStatus: [Empty, GetStatusResponse];
  ListNodes: [Empty, ListNodesResponse];
  ListVolumes: [Empty, ListVolumesResponse];
}
