/**
 * The one closed table of errors. Every failure that crosses a package or a wire is a `CairnError` with one of these codes;
 * every edge (gRPC status, S3 code, exit code) maps the whole table with `satisfies Record<ErrorCode, ...>`, so that a new
 * code does not compile until each edge has said what it means there. Match on `code`, never on text.
 *
 * `retryable` means: the same request, sent again later or to another place, may succeed and does no harm.
 */
export const ERRORS = {
  // who may speak
  UNAUTHENTICATED: { retryable: false, message: 'no credentials were sent, or they cannot be read' },
  PERMISSION_DENIED: { retryable: false, message: 'these credentials do not allow this' },
  // what was asked
  INVALID_ARGUMENT: { retryable: false, message: 'the request is malformed' },
  NOT_IMPLEMENTED: { retryable: false, message: 'this is not supported' },
  MESSAGE_TOO_LARGE: { retryable: false, message: 'the message exceeds the limit' },
  // buckets and objects
  BUCKET_NAME_INVALID: { retryable: false, message: 'the bucket name breaks the naming rules' },
  BUCKET_NOT_FOUND: { retryable: false, message: 'there is no such bucket' },
  BUCKET_ALREADY_EXISTS: { retryable: false, message: 'the bucket exists already' },
  BUCKET_NOT_EMPTY: { retryable: false, message: 'the bucket still holds objects' },
  OBJECT_KEY_INVALID: { retryable: false, message: 'the key is empty, too long or not valid UTF-8' },
  OBJECT_NOT_FOUND: { retryable: false, message: 'there is no such object' },
  OBJECT_TOO_LARGE: { retryable: false, message: 'the object exceeds the size limit' },
  OBJECT_DAMAGED: { retryable: false, message: 'no good copy of a chunk of this object could be read' },
  PRECONDITION_FAILED: { retryable: false, message: 'a precondition of the request does not hold' },
  RANGE_INVALID: { retryable: false, message: 'the range lies outside the object' },
  BODY_INCOMPLETE: { retryable: false, message: 'the body ended before its declared length' },
  BODY_CHECKSUM_MISMATCH: { retryable: false, message: 'the body does not match its declared checksum' },
  // sessions and commits
  SESSION_NOT_FOUND: { retryable: false, message: 'the session is closed or was never opened' },
  // chunks and volumes
  CHUNK_NOT_FOUND: { retryable: true, message: 'this replica does not hold the chunk' },
  CHUNK_CORRUPT: { retryable: true, message: 'the chunk does not match its checksums' },
  VOLUME_NOT_FOUND: { retryable: true, message: 'this node holds no replica of the volume' },
  VOLUME_FULL: { retryable: true, message: 'the volume has reached its size' },
  VOLUME_SEALED: { retryable: true, message: 'the volume takes no more chunks' },
  VOLUME_FAILED: { retryable: true, message: 'this replica of the volume failed and takes no more writes' },
  GENERATION_STALE: { retryable: true, message: 'the replica set of the volume has changed since' },
  // nodes and leaders
  EPOCH_STALE: { retryable: false, message: 'a newer leader has spoken' },
  LEADER_UNKNOWN: { retryable: true, message: 'this metadata server does not lead' },
  INCARNATION_STALE: { retryable: false, message: 'a newer process has registered as this node' },
  CLUSTER_MISMATCH: { retryable: false, message: 'this belongs to another cluster' },
  NODE_UNKNOWN: { retryable: true, message: 'the node has not registered with this leader' },
  NODE_READ_ONLY: { retryable: true, message: 'the node takes no writes now' },
  // room and load
  DISK_FULL: { retryable: true, message: 'the disk is full' },
  DISK_FAILED: { retryable: true, message: 'the disk answered with an error' },
  STORAGE_FULL: { retryable: false, message: 'no storage node has room; deletes still work' },
  WRITE_QUORUM_UNAVAILABLE: {
    retryable: true,
    message: 'fewer failure domains take writes than the write quorum asks',
  },
  OVERLOADED: { retryable: true, message: 'too much is in flight; try again a little later' },
  UNAVAILABLE: { retryable: true, message: 'the peer cannot be reached' },
  DEADLINE_EXCEEDED: { retryable: true, message: 'no answer came in time' },
  CANCELLED: { retryable: false, message: 'the caller cancelled' },
  // starting up
  CONFIG_INVALID: { retryable: false, message: 'the configuration is invalid' },
  DATA_DIR_LOCKED: { retryable: false, message: 'another process uses this data folder' },
  DATA_DIR_MISMATCH: { retryable: false, message: 'the data folder belongs to something else' },
  METADATA_DAMAGED: { retryable: false, message: 'the metadata cannot be verified' },
  INTERNAL: { retryable: false, message: 'an unexpected failure' },
} as const satisfies Record<string, { retryable: boolean; message: string }>;

export type ErrorCode = keyof typeof ERRORS;

export class CairnError extends Error {
  readonly code: ErrorCode;

  /** @param detail What happened here, in words for a person; the table's message is used when it is left out. */
  constructor(code: ErrorCode, detail?: string, options?: { cause?: unknown }) {
    super(detail ?? ERRORS[code].message, options);
    this.name = 'CairnError';
    this.code = code;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

/** Every thrown value as a CairnError; what is not one becomes INTERNAL and keeps its cause. */
export function toCairnError(thrown: unknown): CairnError {
  if (thrown instanceof CairnError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new CairnError('INTERNAL', message, { cause: thrown });
}

export function hasCode(thrown: unknown, ...codes: ErrorCode[]): thrown is CairnError {
  return thrown instanceof CairnError && codes.includes(thrown.code);
}
