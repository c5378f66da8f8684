/**
 * Rows: what the values of the metadata store mean. They are protobuf messages (proto/src/rows.proto, docs/formats.md), so that
 * a field can be added later. Rows are never changed in place, which is why a decoded one may be remembered with its bytes.
 */
import type { Attribute, Endpoint, ErrorCode, FailureDomain, NodeId, VolumeState } from '@cairn/core';
import { messageCodec } from '@cairn/proto';

/** Of keys and rows together. */
export const FORMAT_VERSION = 1;

export interface ClusterRow {
  clusterId: string;
  formatVersion: number;
  createdMs: number;
}

export interface CounterRow {
  last: number;
}

export interface BucketRow {
  id: number;
  createdMs: number;
}

export interface ChunkRow {
  volumeId: number;
  session: number;
  counter: number;
  bytes: number;
}

export interface ObjectRow {
  versionSession: number;
  versionCounter: number;
  bytes: number;
  etag: string;
  lastModifiedMs: number;
  headers: Attribute[];
  userMetadata: Attribute[];
  chunks: ChunkRow[];
}

export type ObjectSummaryRow = Pick<ObjectRow, 'bytes' | 'etag' | 'lastModifiedMs'>;

export interface ReferenceRow {
  bucketId: number;
  key: string;
}

export interface GarbageRow {
  bytes: number;
  queuedAtMs: number;
}

export interface SessionRow {
  openedMs: number;
  settledCounter: number;
}

export interface CommitResultRow {
  lastModifiedMs: number;
  existed: boolean;
  /** Of a commit that was refused; left out or '' for one that took effect. */
  refusalCode?: ErrorCode | '';
  refusalMessage?: string;
}

export interface VolumeRow {
  state: VolumeState;
  generation: number;
  nodeIds: NodeId[];
  createdMs: number;
}

export interface NodeRow {
  incarnation: number;
  confirmedIncarnation: number;
  endpoint: Endpoint;
  domain: FailureDomain;
  capacityBytes: number;
}

interface RowCodec<T> {
  encode(row: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

/** Decodes each value once for as long as its bytes are kept: the small tables live in memory and are read by every command. */
function remembering<T extends object>(codec: RowCodec<T>): RowCodec<T> {
  const decoded = new WeakMap<Uint8Array, T>();
  return {
    encode: (row) => codec.encode(row),
    decode(bytes) {
      let row = decoded.get(bytes);
      if (row === undefined) {
        row = codec.decode(bytes);
        decoded.set(bytes, row);
      }
      return row;
    },
  };
}

export const rows = {
  cluster: messageCodec<ClusterRow>('cairn.rows.v1.ClusterRow'),
  counter: messageCodec<CounterRow>('cairn.rows.v1.CounterRow'),
  bucket: remembering(messageCodec<BucketRow>('cairn.rows.v1.BucketRow')),
  object: messageCodec<ObjectRow>('cairn.rows.v1.ObjectRow'),
  objectSummary: messageCodec<ObjectSummaryRow>('cairn.rows.v1.ObjectSummaryRow'),
  reference: messageCodec<ReferenceRow>('cairn.rows.v1.ReferenceRow'),
  garbage: messageCodec<GarbageRow>('cairn.rows.v1.GarbageRow'),
  session: remembering(messageCodec<SessionRow>('cairn.rows.v1.SessionRow')),
  commitResult: messageCodec<CommitResultRow>('cairn.rows.v1.CommitResultRow'),
  volume: remembering(messageCodec<VolumeRow>('cairn.rows.v1.VolumeRow')),
  node: remembering(messageCodec<NodeRow>('cairn.rows.v1.NodeRow')),
};
