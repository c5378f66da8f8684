/** deleteObject: a key goes, and its version gives up its chunks in the same transaction. Deleting what is absent succeeds. */
import type { CommitResponse, DeleteObject } from '@cairn/core';
import type { Command } from '../command.ts';
import { objectKey } from '../keys.ts';
import { rows } from '../rows.ts';
import { type CommitHead, clientCommit } from './client-commit.ts';
import { type BucketGuess, bucketIn, discardVersion, likelyReads } from './current-object.ts';
import { checkObjectKey } from './object-key.ts';
import { checkPrecondition } from './precondition.ts';

/** Errors: OBJECT_KEY_INVALID, BUCKET_NOT_FOUND, PRECONDITION_FAILED. */
export function deleteObject(head: CommitHead, request: DeleteObject, guess: BucketGuess): Command<CommitResponse> {
  checkObjectKey(request.key);
  return clientCommit(head, {
    name: 'deleteObject',
    journey: 'delete',
    reads: likelyReads(request, guess),
    decide(view) {
      const bucket = bucketIn(view, request.bucket);
      const key = objectKey(bucket.id, request.key);
      const value = view.get(key);
      const object = value === undefined ? undefined : rows.object.decode(value);
      checkPrecondition(request.precondition, object?.etag);
      if (object === undefined) return { writes: [], existed: false };
      return { writes: [{ key, value: undefined }, ...discardVersion(object, head.nowMs)], existed: true };
    },
  });
}
