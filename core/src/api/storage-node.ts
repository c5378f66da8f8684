/** Messages of the service StorageNode (docs/protocol.md). Each has its twin in proto/src/cairn.proto; a test holds them together. */
import type { ChunkId, VersionId, VolumeId } from '../ids.ts';

export interface CreateVolumeRequest {
  epoch: number;
  volumeId: VolumeId;
  generation: number;
}

export interface SealVolumeRequest {
  epoch: number;
  volumeId: VolumeId;
  generation: number;
}

export interface SealVolumeResponse {
  volume: VolumeReport;
}

/**
 * Appends one chunk. Answered when it is durable; putting a chunk again that is there with the same bytes succeeds.
 * Errors: VOLUME_NOT_FOUND, VOLUME_SEALED, VOLUME_FULL, VOLUME_FAILED, GENERATION_STALE, CHUNK_CORRUPT, NODE_READ_ONLY, DISK_FULL,
 * DISK_FAILED, OVERLOADED, PERMISSION_DENIED (chunk id of another session).
 */
export interface PutChunkRequest {
  volumeId: VolumeId;
  generation: number;
  chunkId: ChunkId;
  /** Owner tag: which object version and which place in it, so that names can be salvaged from nodes alone. */
  versionId: VersionId;
  chunkIndex: number;
  /** 8 bytes per 64 KiB block, little endian, as `blockChecksums` makes them. */
  blockChecksums: Uint8Array;
  payload: Uint8Array;
}

/** Errors: CHUNK_NOT_FOUND, VOLUME_NOT_FOUND, CHUNK_CORRUPT, DISK_FAILED, RANGE_INVALID. */
export interface GetChunkRequest {
  volumeId: VolumeId;
  chunkId: ChunkId;
  /** Of the chunk's payload. The answer holds the whole blocks that cover [offset, offset + length). */
  offset: number;
  length: number;
}

export interface GetChunkResponse {
  /** Length of the whole chunk. */
  chunkBytes: number;
  /** Where `payload` starts in the chunk; a multiple of 64 KiB. */
  payloadOffset: number;
  /** Of the blocks in `payload`. The node passes bytes on as they lie on its disk: the reader verifies. */
  blockChecksums: Uint8Array;
  payload: Uint8Array;
}

/** Writes tombstones. Deleting what is absent leaves a tombstone as well, so that a late put cannot bring it back. */
export interface DeleteChunksRequest {
  epoch: number;
  volumeId: VolumeId;
  chunkIds: ChunkId[];
}

/** What a node knows of one of its replicas; sent at registration and, when it changed, with heartbeats. */
export interface VolumeReport {
  volumeId: VolumeId;
  generation: number;
  state: ReplicaState;
  /** Length of the log. */
  logBytes: number;
  /** Payload of live chunks. */
  liveBytes: number;
  liveChunks: number;
  tombstones: number;
  /** Sum modulo 2^64 of `setDigestTerm` over live chunks, 16 hex digits. */
  digest: string;
  /** Chunks that were found damaged and not yet repaired. */
  damagedChunks: number;
}

/** `failed`: an fsync or write failed; nothing more is written, reads go on. */
export type ReplicaState = 'open' | 'sealed' | 'failed';

// biome-ignore lint/complexity/noBannedTypes: an answer without content is an empty message on the wire
export type Empty = {};

export interface StorageNodeService {
  CreateVolume: [CreateVolumeRequest, Empty];
  SealVolume: [SealVolumeRequest, SealVolumeResponse];
  PutChunk: [PutChunkRequest, Empty];
  GetChunk: [GetChunkRequest, GetChunkResponse];
  DeleteChunks: [DeleteChunksRequest, Empty];
}
