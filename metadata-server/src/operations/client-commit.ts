/**
 * What all commits of clients share: the session must be open, and a commit id takes effect once. The result is written in the
 * same transaction as the change, so a repeated commit finds it; a refusal is recorded alike. Results that a session has settled are swept in the
 * background (workers/result-sweep.ts), and the session's row then says up to where. An id below is refused: a late duplicate would
 * run a second time, and a late first copy would overwrite what the session wrote after it had given up waiting.
 */
import { CairnError, type CommitRequest, type CommitResponse, parseSessionId, type SessionId } from '@cairn/core';
import type { Command, Decision, View } from '../command.ts';
import { commitResultKey, sessionKey } from '../keys.ts';
import { type CommitResultRow, rows } from '../rows.ts';
import type { StoreKey, StoreWrite } from '../store/metadata-store.ts';
import { counterWithin } from './commit-id.ts';

/** The parsed head of a commit, and what is put into it when it arrives. */
export interface CommitHead {
  sessionId: SessionId;
  counter: number;
  nowMs: number;
  /** Up to where the session has settled, as far as it has said so before this commit arrived. */
  settledBefore: number;
}

/** @throws INVALID_ARGUMENT */
export function parseCommitHead(
  request: CommitRequest,
  { nowMs, settledBefore }: { nowMs: number; settledBefore: (session: SessionId) => number },
): CommitHead {
  const sessionId = parseSessionId(request.sessionId);
  const counter = counterWithin(sessionId, request.commitId);
  if (counter <= request.settledCounter) {
    throw new CairnError('INVALID_ARGUMENT', 'a commit cannot declare its own result settled');
  }
  return { sessionId, counter, nowMs, settledBefore: settledBefore(sessionId) };
}

export interface ClientChange {
  name: string;
  journey: 'commit' | 'delete';
  reads: readonly StoreKey[];
  /** Decides the change itself. `existed` is meant for deletes. */
  decide: (view: View) => { writes: StoreWrite[]; existed: boolean };
}

/** Errors: SESSION_NOT_FOUND, INVALID_ARGUMENT (a settled commit id), and those of the change. */
export function clientCommit(head: CommitHead, change: ClientChange): Command<CommitResponse> {
  const resultKey = commitResultKey(head.sessionId, head.counter);
  return {
    name: change.name,
    journey: change.journey,
    reads: change.reads,
    decide(view) {
      const recorded = view.get(resultKey);
      if (recorded !== undefined) return answerOf(rows.commitResult.decode(recorded), []);
      const session = view.get(sessionKey(head.sessionId));
      if (session === undefined) throw new CairnError('SESSION_NOT_FOUND');
      const { settledCounter } = rows.session.decode(session);
      if (head.counter <= Math.max(settledCounter, head.settledBefore)) {
        throw new CairnError('INVALID_ARGUMENT', 'the session has declared this commit settled');
      }
      const { writes, existed, refusal } = decided(change, view);
      const row: CommitResultRow = { lastModifiedMs: head.nowMs, existed };
      if (refusal !== undefined) {
        row.refusalCode = refusal.code;
        row.refusalMessage = refusal.message;
      }
      writes.push({ key: resultKey, value: rows.commitResult.encode(row) });
      return answerOf(row, writes);
    },
  };
}

/** A refusal is a result too: a late copy of the commit must not take effect after its client was told that it failed. */
function decided(change: ClientChange, view: View): { writes: StoreWrite[]; existed: boolean; refusal?: CairnError } {
  try {
    return change.decide(view);
  } catch (error) {
    if (error instanceof CairnError) return { writes: [], existed: false, refusal: error };
    throw error;
  }
}

function answerOf(row: CommitResultRow, writes: StoreWrite[]): Decision<CommitResponse> {
  const { lastModifiedMs, existed, refusalCode, refusalMessage } = row;
  if (refusalCode) return { writes, refusal: new CairnError(refusalCode, refusalMessage) };
  return { writes, result: { lastModifiedMs, existed } };
}
