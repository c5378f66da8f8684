/** Commit: one change of the namespace, answered when it is durable. */
import { type CommitRequest, type CommitResponse, parseSessionId } from '@cairn/core';
import type { Leader } from '../leader.ts';
import { commandOf } from '../operations/commit.ts';

export async function handleCommit(leader: Leader, request: CommitRequest): Promise<CommitResponse> {
  const { executor, state, clock } = leader;
  const command = commandOf(request, {
    nowMs: clock.now(),
    settledBefore: (session) => state.sessions.settledCounter(session) ?? 0,
    bucketGuess: (bucket) => state.buckets.find(bucket),
    bucketCount: state.buckets.size,
  });
  // At once: what arrives after this commit is judged by what this commit said.
  state.sessions.settle(parseSessionId(request.sessionId), request.settledCounter);
  return executor.submit(command);
}
