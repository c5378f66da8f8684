/** Ids that a session made, taken apart. Only the one spelling that `chunkId` and `versionId` make is accepted. */
import { CairnError, type ChunkId, chunkId, counterOf, type SessionId, type VersionId } from '@cairn/core';

/**
 * @returns The counter of an id of this session.
 * @throws INVALID_ARGUMENT when another session made the id, or none.
 */
export function counterWithin(session: SessionId, id: ChunkId | VersionId): number {
  const counter = counterOf(id);
  if (!Number.isSafeInteger(counter) || id !== chunkId(session, counter)) {
    throw new CairnError('INVALID_ARGUMENT', `the id ${JSON.stringify(id)} was not made by session ${session}`);
  }
  return counter;
}
