/** Commits to the namespace and reads of it (docs/protocol.md). */
import type { ChunkId, NodeId, SessionId, VersionId, VolumeId } from '../ids.ts';
import type { Attribute, ChunkReference, ObjectVersion, VolumeLocation } from './objects.ts';

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
