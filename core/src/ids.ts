/**
 * Branded ids. A chunk or version id is 32 lowercase hex digits: the writer's session (8 bytes, big endian), then a counter
 * of that session (8 bytes). Session ids come from a durable counter of the leader, so no id is ever used twice.
 */
import { CairnError } from './errors.ts';
import { invariant } from './invariant.ts';

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** 32 hex digits; names one immutable chunk. */
export type ChunkId = Branded<string, 'ChunkId'>;
/** 32 hex digits; names one write of an object, and is also its commit id. */
export type VersionId = Branded<string, 'VersionId'>;
/** A positive integer below 2^32. */
export type VolumeId = Branded<number, 'VolumeId'>;
/** 1 to 64 of `a-z 0-9 -`; chosen at a node's first start and kept in its data folder. */
export type NodeId = Branded<string, 'NodeId'>;
/** A positive integer below 2^53. */
export type SessionId = Branded<number, 'SessionId'>;

/** Both halves are below 2^53, so that they are exact as numbers, and no session has the number 0. */
const HEX_ID = /^(?!0{16})(?:00[01][0-9a-f]{13}){2}$/;
const NODE_ID = /^[a-z0-9][a-z0-9-]{0,63}$/;

function sessionScopedId(session: number, counter: number): string {
  invariant(Number.isSafeInteger(session) && session >= 1, 'a session is a positive whole number');
  invariant(Number.isSafeInteger(counter) && counter >= 0, 'a counter of a session is a whole number');
  return session.toString(16).padStart(16, '0') + counter.toString(16).padStart(16, '0');
}

export function chunkId(session: SessionId, counter: number): ChunkId {
  return sessionScopedId(session, counter) as ChunkId;
}

export function versionId(session: SessionId, counter: number): VersionId {
  return sessionScopedId(session, counter) as VersionId;
}

/** The session that made this id. */
export function sessionOf(id: ChunkId | VersionId): SessionId {
  return Number.parseInt(id.slice(0, 16), 16) as SessionId;
}

/** The counter of the id within its session. */
export function counterOf(id: ChunkId | VersionId): number {
  return Number.parseInt(id.slice(16), 16);
}

export function parseChunkId(text: string): ChunkId {
  if (!HEX_ID.test(text)) throw new CairnError('INVALID_ARGUMENT', `not a chunk id: ${JSON.stringify(text)}`);
  return text as ChunkId;
}

export function parseVersionId(text: string): VersionId {
  if (!HEX_ID.test(text)) throw new CairnError('INVALID_ARGUMENT', `not a version id: ${JSON.stringify(text)}`);
  return text as VersionId;
}

export function parseVolumeId(value: number): VolumeId {
  if (!Number.isInteger(value) || value < 1 || value > 0xffff_ffff) {
    throw new CairnError('INVALID_ARGUMENT', `not a volume id: ${value}`);
  }
  return value as VolumeId;
}

export function parseNodeId(text: string): NodeId {
  if (!NODE_ID.test(text)) throw new CairnError('INVALID_ARGUMENT', `not a node id: ${JSON.stringify(text)}`);
  return text as NodeId;
}

export function parseSessionId(value: number): SessionId {
  if (!Number.isSafeInteger(value) || value < 1) throw new CairnError('INVALID_ARGUMENT', `not a session id: ${value}`);
  return value as SessionId;
}
