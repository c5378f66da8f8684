/** Exit codes of `cairn` (INTERFACE): 0 done, 1 failed, 2 wrong usage, 3 cluster unreachable. The whole error table is mapped. */
import { CairnError, type ErrorCode } from '@cairn/core';

export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 3, interrupted: 130 } as const;

const { failed, usage, unreachable } = EXIT;

const EXIT_CODES = {
  UNAUTHENTICATED: failed,
  PERMISSION_DENIED: failed,
  INVALID_ARGUMENT: usage,
  NOT_IMPLEMENTED: failed,
  MESSAGE_TOO_LARGE: failed,
  BUCKET_NAME_INVALID: usage,
  BUCKET_NOT_FOUND: failed,
  BUCKET_ALREADY_EXISTS: failed,
  BUCKET_NOT_EMPTY: failed,
  OBJECT_KEY_INVALID: usage,
  OBJECT_NOT_FOUND: failed,
  OBJECT_TOO_LARGE: failed,
  OBJECT_DAMAGED: failed,
  PRECONDITION_FAILED: failed,
  RANGE_INVALID: failed,
  BODY_INCOMPLETE: failed,
  BODY_CHECKSUM_MISMATCH: failed,
  SESSION_NOT_FOUND: failed,
  CHUNK_NOT_FOUND: failed,
  CHUNK_CORRUPT: failed,
  VOLUME_NOT_FOUND: failed,
  VOLUME_FULL: failed,
  VOLUME_SEALED: failed,
  VOLUME_FAILED: failed,
  GENERATION_STALE: failed,
  EPOCH_STALE: failed,
  LEADER_UNKNOWN: unreachable,
  INCARNATION_STALE: failed,
  CLUSTER_MISMATCH: failed,
  NODE_UNKNOWN: failed,
  NODE_READ_ONLY: failed,
  DISK_FULL: failed,
  DISK_FAILED: failed,
  STORAGE_FULL: failed,
  WRITE_QUORUM_UNAVAILABLE: failed,
  OVERLOADED: failed,
  UNAVAILABLE: unreachable,
  DEADLINE_EXCEEDED: unreachable,
  CANCELLED: EXIT.interrupted,
  CONFIG_INVALID: failed,
  DATA_DIR_LOCKED: failed,
  DATA_DIR_MISMATCH: failed,
  METADATA_DAMAGED: failed,
  INTERNAL: failed,
} as const satisfies Record<ErrorCode, number>;

/** What was typed makes no sense; the message says what to write. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof UsageError) return EXIT.usage;
  if (thrown instanceof CairnError) return EXIT_CODES[thrown.code];
  return EXIT.failed;
}

/** One line for a person, without a stack. */
export function describeError(thrown: unknown): string {
  if (thrown instanceof CairnError) return `${thrown.message} (${thrown.code})`;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.replace(/\s*\n\s*/g, ' ');
}
