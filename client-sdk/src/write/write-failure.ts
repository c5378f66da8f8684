/** What a storage node's refusal of a chunk means for the writer: pure decisions over error codes. */
import { CairnError, type ErrorCode } from '@cairn/core';

/**
 * | meaning  | the writer                                                                                    |
 * |----------|-----------------------------------------------------------------------------------------------|
 * | replica  | reports the replica, so that the leader seals the volume, and goes on with another volume      |
 * | volume   | the same, but its node is well: the volume is closed or full                                  |
 * | grant    | gets fresh grants: this one is out of date                                                    |
 * | session  | renews its session: the token is no longer good                                               |
 * | caller   | gives up: the same chunk would be refused everywhere                                          |
 */
export type WriteFailure = 'replica' | 'volume' | 'grant' | 'session' | 'caller';

const MEANING: Partial<Record<ErrorCode, WriteFailure>> = {
  VOLUME_SEALED: 'volume',
  VOLUME_FULL: 'volume',
  GENERATION_STALE: 'grant',
  UNAUTHENTICATED: 'session',
  PERMISSION_DENIED: 'session',
  INVALID_ARGUMENT: 'caller',
  NOT_IMPLEMENTED: 'caller',
  MESSAGE_TOO_LARGE: 'caller',
};

export function meaningOf(code: ErrorCode): WriteFailure {
  return MEANING[code] ?? 'replica';
}

/** Codes of a peer that did not answer: it may still hold the request's bytes, and may not be there at all. */
const NO_ANSWER: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CANCELLED']);

export function isAnswer(code: ErrorCode): boolean {
  return !NO_ANSWER.has(code);
}

const NO_ROOM: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['DISK_FULL', 'NODE_READ_ONLY', 'STORAGE_FULL']);

/** What the caller of a put is told when no volume took the chunk. @param codes Each refusal of the last round. */
export function quorumError(codes: readonly ErrorCode[]): CairnError {
  const isAboutRoom = codes.length > 0 && codes.every((code) => NO_ROOM.has(code));
  const seen = codes.length === 0 ? 'no volume was granted' : `replicas answered ${[...new Set(codes)].join(', ')}`;
  return isAboutRoom
    ? new CairnError('STORAGE_FULL', `no storage node has room: ${seen}`)
    : new CairnError('WRITE_QUORUM_UNAVAILABLE', `a chunk could not be written to enough failure domains: ${seen}`);
}
