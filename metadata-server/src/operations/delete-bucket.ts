/** deleteBucket: only an empty one goes; that it is empty is seen by the deciding transaction itself. */
import { CairnError, type CommitResponse, type DeleteBucket } from '@cairn/core';
import type { Command } from '../command.ts';
import { bucketKey, objectsRange } from '../keys.ts';
import { type CommitHead, clientCommit } from './client-commit.ts';
import { bucketIn } from './current-object.ts';

/** Errors: BUCKET_NOT_FOUND, BUCKET_NOT_EMPTY. */
export function deleteBucket(head: CommitHead, { bucket }: DeleteBucket): Command<CommitResponse> {
  return clientCommit(head, {
    name: 'deleteBucket',
    journey: 'commit',
    reads: [],
    decide(view) {
      const { id } = bucketIn(view, bucket);
      if (view.first(objectsRange(id)) !== undefined) throw new CairnError('BUCKET_NOT_EMPTY');
      return { writes: [{ key: bucketKey(bucket), value: undefined }], existed: true };
    },
  });
}
