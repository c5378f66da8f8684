/** Commit: one change of the namespace, answered when it is durable. */
import { type CommitRequest, type CommitResponse, parseSessionId } from '@cairn/core';
import type { Leader } from '../leader.ts';
import { commandOf } from '../operations/commit.ts';

export async function handleCommit(leader: Leader, request: CommitRequest): Promise<CommitResponse> {
  const { executor, state, clock } = leader;
  const command = commandOf(request, {
    nowMs: clock.now(),
    bucketGuess: (bucket) => state.buckets.find(bucket),
    bucketCount: state.buckets.size,
  });
  const response = await executor.submit(command);
  state.results.settle(parseSessionId(request.sessionId), request.settledCounter);
  return response;
}
