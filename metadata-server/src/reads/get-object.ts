/** GetObject: the current version of a key. */
import {
  CairnError,
  type GetObjectRequest,
  type GetObjectResponse,
  type ObjectVersion,
  type SessionId,
  type VolumeId,
  versionId,
} from '@cairn/core';
import type { BucketTable } from '../cluster/bucket-table.ts';
import { objectKey } from '../keys.ts';
import { chunkIdOf } from '../operations/current-object.ts';
import { checkObjectKey } from '../operations/object-key.ts';
import { type ObjectRow, rows } from '../rows.ts';
import type { BatchedReader } from './batched-reader.ts';

/** Errors: OBJECT_KEY_INVALID, BUCKET_NOT_FOUND, OBJECT_NOT_FOUND. */
export async function getObject(
  { bucket, key, headOnly }: GetObjectRequest,
  { buckets, reader }: { buckets: BucketTable; reader: BatchedReader },
): Promise<GetObjectResponse> {
  checkObjectKey(key);
  const value = await reader.get(objectKey(buckets.get(bucket).id, key));
  if (value === undefined) throw new CairnError('OBJECT_NOT_FOUND', `there is no object ${JSON.stringify(key)}`);
  return { version: versionOf(rows.object.decode(value), headOnly) };
}

function versionOf(row: ObjectRow, headOnly: boolean): ObjectVersion {
  const { bytes, etag, lastModifiedMs, headers, userMetadata } = row;
  const chunks = headOnly
    ? []
    : row.chunks.map((chunk) => ({
        volumeId: chunk.volumeId as VolumeId,
        chunkId: chunkIdOf(chunk),
        bytes: chunk.bytes,
      }));
  const id = versionId(row.versionSession as SessionId, row.versionCounter);
  return { versionId: id, bytes, etag, lastModifiedMs, headers, userMetadata, chunks };
}
