/**
 * settleResults: recorded commit results that nobody will ask for again go. In the same transaction the session's row, if it is still
 * open, learns the settled counter, so that a late duplicate of such a commit is refused instead of run again.
 */
import type { SessionId } from '@cairn/core';
import type { Command } from '../command.ts';
import { commitResultKey, sessionKey } from '../keys.ts';
import { rows } from '../rows.ts';
import type { StoreWrite } from '../store/metadata-store.ts';

export interface SettledResults {
  session: SessionId;
  /** Nothing above it is removed while the session is open. */
  settledCounter: number;
  /** Of results that are recorded. */
  counters: readonly number[];
}

/** @returns How many results went. */
export function settleResults({ session, settledCounter, counters }: SettledResults): Command<number> {
  return {
    name: 'settleResults',
    decide(view) {
      const writes: StoreWrite[] = [];
      const key = sessionKey(session);
      const row = view.get(key);
      if (row !== undefined) {
        const { openedMs, settledCounter: before } = rows.session.decode(row);
        const settled = Math.max(before, settledCounter);
        writes.push({ key, value: rows.session.encode({ openedMs, settledCounter: settled }) });
      }
      const removable = counters.filter((counter) => row === undefined || counter <= settledCounter);
      for (const counter of removable) writes.push({ key: commitResultKey(session, counter), value: undefined });
      return { writes, result: removable.length };
    },
  };
}
