/** What each error of Cairn is to an S3 client. Exhaustive: a new error code does not compile until it has a line here. */
import { CairnError, type ErrorCode } from '@cairn/core';
import { S3Error, type S3ErrorCode } from './s3-error.ts';

const S3_CODE_OF = {
  // The gateway's own proof was refused: the client can do nothing about it.
  UNAUTHENTICATED: 'InternalError',
  PERMISSION_DENIED: 'InternalError',
  INVALID_ARGUMENT: 'InvalidArgument',
  NOT_IMPLEMENTED: 'NotImplemented',
  MESSAGE_TOO_LARGE: 'MaxMessageLengthExceeded',
  BUCKET_NAME_INVALID: 'InvalidBucketName',
  BUCKET_NOT_FOUND: 'NoSuchBucket',
  BUCKET_ALREADY_EXISTS: 'BucketAlreadyOwnedByYou',
  BUCKET_NOT_EMPTY: 'BucketNotEmpty',
  OBJECT_KEY_INVALID: 'InvalidURI',
  OBJECT_NOT_FOUND: 'NoSuchKey',
  OBJECT_TOO_LARGE: 'EntityTooLarge',
  OBJECT_DAMAGED: 'InternalError',
  PRECONDITION_FAILED: 'PreconditionFailed',
  RANGE_INVALID: 'InvalidRange',
  BODY_INCOMPLETE: 'IncompleteBody',
  BODY_CHECKSUM_MISMATCH: 'BadDigest',
  SESSION_NOT_FOUND: 'ServiceUnavailable',
  CHUNK_NOT_FOUND: 'ServiceUnavailable',
  CHUNK_CORRUPT: 'ServiceUnavailable',
  VOLUME_NOT_FOUND: 'ServiceUnavailable',
  VOLUME_FULL: 'ServiceUnavailable',
  VOLUME_SEALED: 'ServiceUnavailable',
  VOLUME_FAILED: 'ServiceUnavailable',
  GENERATION_STALE: 'ServiceUnavailable',
  EPOCH_STALE: 'ServiceUnavailable',
  LEADER_UNKNOWN: 'ServiceUnavailable',
  INCARNATION_STALE: 'ServiceUnavailable',
  CLUSTER_MISMATCH: 'InternalError',
  NODE_UNKNOWN: 'ServiceUnavailable',
  NODE_READ_ONLY: 'ServiceUnavailable',
  DISK_FULL: 'InsufficientStorage',
  DISK_FAILED: 'ServiceUnavailable',
  STORAGE_FULL: 'InsufficientStorage',
  WRITE_QUORUM_UNAVAILABLE: 'ServiceUnavailable',
  OVERLOADED: 'SlowDown',
  UNAVAILABLE: 'ServiceUnavailable',
  DEADLINE_EXCEEDED: 'ServiceUnavailable',
  CANCELLED: 'RequestTimeout',
  CONFIG_INVALID: 'InternalError',
  DATA_DIR_LOCKED: 'InternalError',
  DATA_DIR_MISMATCH: 'InternalError',
  METADATA_DAMAGED: 'InternalError',
  INTERNAL: 'InternalError',
} as const satisfies Record<ErrorCode, S3ErrorCode>;

/** Refusals that the client itself caused: their detail helps it and tells nothing of the inside. */
const DETAIL_IS_FOR_CLIENTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INVALID_ARGUMENT',
  'NOT_IMPLEMENTED',
  'BUCKET_NAME_INVALID',
  'OBJECT_KEY_INVALID',
]);

export function s3CodeOf(code: ErrorCode): S3ErrorCode {
  return S3_CODE_OF[code];
}

/**
 * Every thrown value as the refusal a client is told. What is inside stays inside: texts of other errors are for the log only.
 * The SDK may wrap what a body threw, so an S3Error is looked for in the causes.
 */
export function toS3Error(thrown: unknown): S3Error {
  for (let at = thrown, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at instanceof S3Error) return at;
  }
  if (!(thrown instanceof CairnError)) return new S3Error('InternalError', undefined, { cause: thrown });
  const detail = DETAIL_IS_FOR_CLIENTS.has(thrown.code) ? thrown.message : undefined;
  return new S3Error(s3CodeOf(thrown.code), detail, { cause: thrown });
}
