/** Parse, then handle: a Commit request becomes exactly one command, or is refused before it is queued. */
import { CairnError, type CommitRequest, type CommitResponse, type SessionId } from '@cairn/core';
import type { Command } from '../command.ts';
import { parseCommitHead } from './client-commit.ts';
import { createBucket } from './create-bucket.ts';
import type { BucketGuess } from './current-object.ts';
import { deleteBucket } from './delete-bucket.ts';
import { deleteObject } from './delete-object.ts';
import { putObject } from './put-object.ts';

export interface CommitContext {
  nowMs: number;
  /** Up to where a session has settled, as far as leader memory knows. */
  settledBefore: (session: SessionId) => number;
  bucketGuess: BucketGuess;
  bucketCount: number;
}

export function commandOf(request: CommitRequest, context: CommitContext): Command<CommitResponse> {
  const head = parseCommitHead(request, context);
  const commands: (() => Command<CommitResponse>)[] = [];
  const { putObject: put, deleteObject: remove, createBucket: create, deleteBucket: drop } = request;
  if (put) commands.push(() => putObject(head, put, context.bucketGuess));
  if (remove) commands.push(() => deleteObject(head, remove, context.bucketGuess));
  if (create) commands.push(() => createBucket(head, create, context.bucketCount));
  if (drop) commands.push(() => deleteBucket(head, drop));
  const [command] = commands;
  if (command === undefined || commands.length > 1) {
    throw new CairnError('INVALID_ARGUMENT', 'a commit holds exactly one operation');
  }
  return command();
}
