/** The door of the SDK: put, get, list and delete objects with failover between replicas. */
export {
  type Attribute,
  type BucketInfo,
  CairnError,
  type ChunkReference,
  type CommitResponse,
  type ErrorCode,
  type GetStatusResponse,
  hasCode,
  type ListedObject,
  type ListObjectsResponse,
  type NodeInfo,
  type ObjectVersion,
  type VolumeInfo,
  type VolumeLocation,
} from '@cairn/core';
export type { Admin } from './admin.ts';
export type { Bucket } from './bucket.ts';
export { Cairn, type CairnOptions } from './cairn.ts';
export {
  CairnClient,
  type ClientMemory,
  type ConnectCairnOptions,
  connectCairn,
  type Explanation,
} from './client.ts';
export type { ListEntry, ListPageOptions } from './list.ts';
export type {
  Attributes,
  Body,
  DeleteOptions,
  GetOptions,
  ListOptions,
  Progress,
  PutOptions,
  PutResult,
} from './options.ts';
export type { ClientPorts, Tuning } from './ports.ts';
export { type ByteRange, resolveRange, type Span } from './read/byte-range.ts';
export type { ObjectDownload } from './read/object-download.ts';
