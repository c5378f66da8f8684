/** What a command sees of a bucket and of the object under a key, and how a version leaves: shared by put and delete. */
import { CairnError, type ChunkId, chunkId, type SessionId, type VolumeId, versionId } from '@cairn/core';
import type { View } from '../command.ts';
import { bucketKey, garbageKey, objectKey, referenceKey } from '../keys.ts';
import { type BucketRow, type ChunkRow, type ObjectRow, rows } from '../rows.ts';
import type { StoreKey, StoreWrite } from '../store/metadata-store.ts';

export interface ObjectName {
  bucket: string;
  key: string;
}

/** Where a bucket's rows are, as far as leader memory knows now: a guess for loading ahead, never an answer. */
export type BucketGuess = (bucket: string) => { id: number } | undefined;

/** The object's key in the store, if the bucket is known. */
export function likelyReads(name: ObjectName, bucketGuess: BucketGuess): StoreKey[] {
  const bucket = bucketGuess(name.bucket);
  return bucket === undefined ? [] : [objectKey(bucket.id, name.key)];
}

/** @throws BUCKET_NOT_FOUND */
export function bucketIn(view: View, bucket: string): BucketRow {
  const row = view.get(bucketKey(bucket));
  if (row === undefined) throw new CairnError('BUCKET_NOT_FOUND', `there is no bucket ${JSON.stringify(bucket)}`);
  return rows.bucket.decode(row);
}

export function chunkIdOf({ session, counter }: ChunkRow): ChunkId {
  return chunkId(session as SessionId, counter);
}

/**
 * The writes by which a version gives up its chunks: its references go, and the chunks are queued as garbage. Whether another
 * version still refers to a chunk is asked by the transaction that deletes it.
 */
export function discardVersion(object: ObjectRow, nowMs: number): StoreWrite[] {
  const version = versionId(object.versionSession as SessionId, object.versionCounter);
  const writes: StoreWrite[] = [];
  for (const chunk of object.chunks) {
    const volume = chunk.volumeId as VolumeId;
    const id = chunkIdOf(chunk);
    writes.push(
      { key: referenceKey(volume, id, version), value: undefined },
      { key: garbageKey(volume, id), value: rows.garbage.encode({ bytes: chunk.bytes, queuedAtMs: nowMs }) },
    );
  }
  return writes;
}
