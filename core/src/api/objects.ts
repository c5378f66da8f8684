/** What an object is: shared by the messages of the metadata server and by its stored rows. */
import type { ChunkId, NodeId, VersionId, VolumeId } from '../ids.ts';
import type { Endpoint } from './endpoint.ts';

/** A name with a value. Lists of these rather than records: names come from users, and `__proto__` is one of them. */
export interface Attribute {
  name: string;
  value: string;
}

export interface ChunkReference {
  volumeId: VolumeId;
  chunkId: ChunkId;
  /** Payload bytes. */
  bytes: number;
}

/** One write of an object. Immutable. */
export interface ObjectVersion {
  versionId: VersionId;
  bytes: number;
  /** Hex MD5 of the bytes, without quotes. */
  etag: string;
  lastModifiedMs: number;
  /** S3 system headers, lower case: content-type, cache-control, content-disposition, content-encoding, content-language, expires. */
  headers: Attribute[];
  /** User metadata: the part after `x-amz-meta-`, lower case. */
  userMetadata: Attribute[];
  /** In order; their bytes add up to `bytes`. */
  chunks: ChunkReference[];
}

/** Where the copies of a volume are. */
export interface VolumeLocation {
  volumeId: VolumeId;
  generation: number;
  replicas: ReplicaLocation[];
}

export interface ReplicaLocation {
  nodeId: NodeId;
  endpoint: Endpoint;
  state: NodeState;
  domain: FailureDomain;
}

/** zone > rack > host. Two replicas of a volume never share a host; spread over racks and zones comes first. */
export interface FailureDomain {
  zone: string;
  rack: string;
  host: string;
}

/** CONTRACT.md, node states. */
export type NodeState = 'joining' | 'alive' | 'slow' | 'readonly' | 'suspect' | 'down' | 'draining' | 'dead';
