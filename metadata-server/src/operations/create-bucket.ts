/** createBucket: a name gets an id that no bucket ever had, so that a deleted bucket's rows can never reappear in a later one. */
import { CairnError, type CommitResponse, type CreateBucket, LIMITS } from '@cairn/core';
import type { Command } from '../command.ts';
import { bucketKey } from '../keys.ts';
import { rows } from '../rows.ts';
import { bucketNameProblem } from './bucket-name.ts';
import { type CommitHead, clientCommit } from './client-commit.ts';
import { takeIds } from './counter.ts';

/**
 * @param bucketCount How many buckets there are, as far as leader memory knows: the limit bounds memory and may be passed by the few
 * commits of one batch.
 * Errors: BUCKET_NAME_INVALID, BUCKET_ALREADY_EXISTS, OVERLOADED (too many buckets).
 */
export function createBucket(head: CommitHead, { bucket }: CreateBucket, bucketCount: number): Command<CommitResponse> {
  const problem = bucketNameProblem(bucket);
  if (problem !== undefined) throw new CairnError('BUCKET_NAME_INVALID', problem);
  if (bucketCount >= LIMITS.bucketsMax) throw new CairnError('OVERLOADED', 'there are too many buckets');
  return clientCommit(head, {
    name: 'createBucket',
    journey: 'commit',
    reads: [],
    decide(view) {
      const key = bucketKey(bucket);
      if (view.get(key) !== undefined) throw new CairnError('BUCKET_ALREADY_EXISTS');
      const { first: id, write } = takeIds(view, 'lastBucketId');
      return {
        writes: [write, { key, value: rows.bucket.encode({ id, createdMs: head.nowMs }) }],
        existed: false,
      };
    },
  });
}
