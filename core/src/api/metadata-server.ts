/** The service MetadataServer: its methods with their requests and answers. Each message has its twin in proto/src/cairn.proto. */

import type { GetStatusResponse, ListNodesResponse, ListVolumesResponse } from './administration.ts';
import type {
  BucketInfo,
  CommitRequest,
  CommitResponse,
  GetBucketRequest,
  GetObjectRequest,
  GetObjectResponse,
  ListBucketsResponse,
  ListObjectsRequest,
  ListObjectsResponse,
  LookupVolumesRequest,
  LookupVolumesResponse,
  ReportChunkRequest,
} from './namespace.ts';
import type { HeartbeatRequest, HeartbeatResponse, RegisterNodeRequest, RegisterNodeResponse } from './nodes.ts';
import type {
  CloseSessionRequest,
  OpenSessionResponse,
  RenewSessionRequest,
  RenewSessionResponse,
} from './sessions.ts';
import type { Empty } from './storage-node.ts';

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
