/**
 * The error table on the wire. The exact code travels beside the status (in `cairn-error-code`, `x-cairn-error` or a frame); the status is
 * for everything that does not know our codes.
 */
import { CairnError, type ErrorCode, isErrorCode } from '@cairn/core';
import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js';

/** gRPC status and HTTP status (of the bulk lane) of each code. */
export const WIRE_STATUS = {
  UNAUTHENTICATED: [status.UNAUTHENTICATED, 401],
  PERMISSION_DENIED: [status.PERMISSION_DENIED, 403],
  INVALID_ARGUMENT: [status.INVALID_ARGUMENT, 400],
  NOT_IMPLEMENTED: [status.UNIMPLEMENTED, 501],
  MESSAGE_TOO_LARGE: [status.RESOURCE_EXHAUSTED, 413],
  BUCKET_NAME_INVALID: [status.INVALID_ARGUMENT, 400],
  BUCKET_NOT_FOUND: [status.NOT_FOUND, 404],
  BUCKET_ALREADY_EXISTS: [status.ALREADY_EXISTS, 409],
  BUCKET_NOT_EMPTY: [status.FAILED_PRECONDITION, 409],
  OBJECT_KEY_INVALID: [status.INVALID_ARGUMENT, 400],
  OBJECT_NOT_FOUND: [status.NOT_FOUND, 404],
  OBJECT_TOO_LARGE: [status.INVALID_ARGUMENT, 400],
  OBJECT_DAMAGED: [status.DATA_LOSS, 500],
  PRECONDITION_FAILED: [status.FAILED_PRECONDITION, 412],
  RANGE_INVALID: [status.OUT_OF_RANGE, 416],
  BODY_INCOMPLETE: [status.INVALID_ARGUMENT, 400],
  BODY_CHECKSUM_MISMATCH: [status.INVALID_ARGUMENT, 400],
  SESSION_NOT_FOUND: [status.FAILED_PRECONDITION, 412],
  CHUNK_NOT_FOUND: [status.NOT_FOUND, 404],
  CHUNK_CORRUPT: [status.DATA_LOSS, 500],
  VOLUME_NOT_FOUND: [status.NOT_FOUND, 404],
  VOLUME_FULL: [status.FAILED_PRECONDITION, 409],
  VOLUME_SEALED: [status.FAILED_PRECONDITION, 409],
  VOLUME_FAILED: [status.FAILED_PRECONDITION, 409],
  GENERATION_STALE: [status.FAILED_PRECONDITION, 409],
  EPOCH_STALE: [status.FAILED_PRECONDITION, 409],
  LEADER_UNKNOWN: [status.UNAVAILABLE, 503],
  INCARNATION_STALE: [status.FAILED_PRECONDITION, 409],
  CLUSTER_MISMATCH: [status.FAILED_PRECONDITION, 409],
  NODE_UNKNOWN: [status.FAILED_PRECONDITION, 409],
  NODE_READ_ONLY: [status.FAILED_PRECONDITION, 409],
  DISK_FULL: [status.RESOURCE_EXHAUSTED, 507],
  DISK_FAILED: [status.INTERNAL, 500],
  STORAGE_FULL: [status.RESOURCE_EXHAUSTED, 507],
  WRITE_QUORUM_UNAVAILABLE: [status.UNAVAILABLE, 503],
  OVERLOADED: [status.RESOURCE_EXHAUSTED, 503],
  UNAVAILABLE: [status.UNAVAILABLE, 503],
  DEADLINE_EXCEEDED: [status.DEADLINE_EXCEEDED, 504],
  CANCELLED: [status.CANCELLED, 499],
  CONFIG_INVALID: [status.INTERNAL, 500],
  DATA_DIR_LOCKED: [status.INTERNAL, 500],
  DATA_DIR_MISMATCH: [status.INTERNAL, 500],
  METADATA_DAMAGED: [status.DATA_LOSS, 500],
  INTERNAL: [status.INTERNAL, 500],
} as const satisfies Record<ErrorCode, readonly [status, number]>;

/**
 * What a status means that comes without our code: gRPC made it up itself, or something between the processes did. Everything that
 * leaves the outcome open is UNAVAILABLE.
 */
const CODE_OF_STATUS: Partial<Record<status, ErrorCode>> = {
  [status.CANCELLED]: 'CANCELLED',
  [status.DEADLINE_EXCEEDED]: 'DEADLINE_EXCEEDED',
  [status.INVALID_ARGUMENT]: 'INVALID_ARGUMENT',
  [status.UNIMPLEMENTED]: 'NOT_IMPLEMENTED',
  [status.UNAUTHENTICATED]: 'UNAUTHENTICATED',
  [status.PERMISSION_DENIED]: 'PERMISSION_DENIED',
  [status.RESOURCE_EXHAUSTED]: 'MESSAGE_TOO_LARGE',
};

const CODE_KEY = 'cairn-error-code';
const MESSAGE_LENGTH_MAX = 1024;

/** What is told of an error: bounded, for it travels in headers, and well-formed. */
export function wireMessage(error: CairnError): string {
  return error.message.slice(0, MESSAGE_LENGTH_MAX).toWellFormed();
}

/** An error from what a peer told of it; a code that this version does not know is INTERNAL. */
export function errorFromWire(code: string, message: string): CairnError {
  return isErrorCode(code) ? new CairnError(code, message) : new CairnError('INTERNAL', `${code}: ${message}`);
}

export function toStatus(error: CairnError): StatusObject {
  const metadata = new Metadata();
  metadata.set(CODE_KEY, error.code);
  return { code: WIRE_STATUS[error.code][0], details: wireMessage(error), metadata };
}

export function fromStatus(error: ServiceError): CairnError {
  const told = error.metadata?.get(CODE_KEY)[0];
  if (told !== undefined) return errorFromWire(told.toString(), error.details);
  return new CairnError(CODE_OF_STATUS[error.code] ?? 'UNAVAILABLE', error.details, { cause: error });
}
