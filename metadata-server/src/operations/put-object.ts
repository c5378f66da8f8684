/** putObject: a key gets a new version; the one it replaces gives up its chunks in the same transaction. */
import {
  type Attribute,
  CairnError,
  type CommitResponse,
  LIMITS,
  type PutObject,
  parseVolumeId,
  type VersionId,
  type VolumeId,
  versionId,
} from '@cairn/core';
import type { Command, View } from '../command.ts';
import { objectKey, referenceKey, volumeKey } from '../keys.ts';
import { type ChunkRow, type ObjectRow, rows } from '../rows.ts';
import type { StoreWrite } from '../store/metadata-store.ts';
import { type CommitHead, clientCommit } from './client-commit.ts';
import { counterWithin } from './commit-id.ts';
import { type BucketGuess, bucketIn, discardVersion, likelyReads } from './current-object.ts';
import { checkObjectKey } from './object-key.ts';
import { checkPrecondition } from './precondition.ts';

const ETAG_LENGTH_MAX = 128;

/** Errors: OBJECT_KEY_INVALID, OBJECT_TOO_LARGE, INVALID_ARGUMENT, BUCKET_NOT_FOUND, PRECONDITION_FAILED. */
export function putObject(head: CommitHead, put: PutObject, bucketGuess: BucketGuess): Command<CommitResponse> {
  checkObjectKey(put.key);
  checkAttributes(put);
  const object: ObjectRow = {
    versionSession: head.sessionId,
    versionCounter: head.counter,
    bytes: put.bytes,
    etag: put.etag,
    lastModifiedMs: head.nowMs,
    headers: put.headers,
    userMetadata: put.userMetadata,
    chunks: parseManifest(head, put),
  };
  const value = rows.object.encode(object);
  return clientCommit(head, {
    name: 'putObject',
    journey: 'commit',
    reads: likelyReads(put, bucketGuess),
    decide(view) {
      const bucket = bucketIn(view, put.bucket);
      const key = objectKey(bucket.id, put.key);
      const replacedValue = view.get(key);
      const replaced = replacedValue === undefined ? undefined : rows.object.decode(replacedValue);
      checkPrecondition(put.precondition, replaced?.etag);
      const writes = replaced === undefined ? [] : discardVersion(replaced, head.nowMs);
      writes.push({ key, value });
      addReferences(writes, { view, put, bucketId: bucket.id, version: versionId(head.sessionId, head.counter) });
      return { writes, existed: replaced !== undefined };
    },
  });
}

function addReferences(
  writes: StoreWrite[],
  { view, put, bucketId, version }: { view: View; put: PutObject; bucketId: number; version: VersionId },
): void {
  if (put.chunks.length === 0) return;
  const reference = rows.reference.encode({ bucketId, key: put.key });
  let knownVolume: VolumeId | undefined;
  for (const { volumeId, chunkId } of put.chunks) {
    if (volumeId !== knownVolume && view.get(volumeKey(volumeId)) === undefined) {
      throw new CairnError('INVALID_ARGUMENT', `there is no volume ${volumeId}`);
    }
    knownVolume = volumeId;
    writes.push({ key: referenceKey(volumeId, chunkId, version), value: reference });
  }
}

function parseManifest(head: CommitHead, put: PutObject): ChunkRow[] {
  if (put.bytes > LIMITS.objectPutBytesMax || put.chunks.length > LIMITS.manifestChunksMax) {
    throw new CairnError('OBJECT_TOO_LARGE');
  }
  let sum = 0;
  const chunks = put.chunks.map((chunk): ChunkRow => {
    if (!Number.isInteger(chunk.bytes) || chunk.bytes < 1 || chunk.bytes > LIMITS.chunkBytesMax) {
      throw new CairnError('INVALID_ARGUMENT', `a chunk has 1 to ${LIMITS.chunkBytesMax} bytes`);
    }
    sum += chunk.bytes;
    return {
      volumeId: parseVolumeId(chunk.volumeId),
      session: head.sessionId,
      counter: counterWithin(head.sessionId, chunk.chunkId),
      bytes: chunk.bytes,
    };
  });
  if (sum !== put.bytes) {
    throw new CairnError('INVALID_ARGUMENT', `the chunks hold ${sum} bytes, the object says ${put.bytes}`);
  }
  return chunks;
}

function checkAttributes(put: PutObject): void {
  if (put.etag === '' || put.etag.length > ETAG_LENGTH_MAX) {
    throw new CairnError('INVALID_ARGUMENT', `an etag has 1 to ${ETAG_LENGTH_MAX} characters`);
  }
  if (attributeBytes(put.userMetadata) > LIMITS.userMetadataBytesMax) {
    throw new CairnError('INVALID_ARGUMENT', `user metadata is limited to ${LIMITS.userMetadataBytesMax} bytes`);
  }
  if (attributeBytes(put.headers) > LIMITS.attributesBytesMax) {
    throw new CairnError('INVALID_ARGUMENT', `headers are limited to ${LIMITS.attributesBytesMax} bytes`);
  }
}

function attributeBytes(attributes: readonly Attribute[]): number {
  let bytes = 0;
  for (const { name, value } of attributes) bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  return bytes;
}
