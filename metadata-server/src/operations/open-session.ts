/** openSession: a writer gets a session id that was never used before. */
import type { SessionId } from '@cairn/core';
import type { Command } from '../command.ts';
import { sessionKey } from '../keys.ts';
import { rows } from '../rows.ts';
import { takeIds } from './counter.ts';

export function openSession(nowMs: number): Command<SessionId> {
  return {
    name: 'openSession',
    decide(view) {
      const { first, write } = takeIds(view, 'lastSessionId');
      const id = first as SessionId;
      const row = rows.session.encode({ openedMs: nowMs, settledCounter: 0 });
      return { writes: [write, { key: sessionKey(id), value: row }], result: id };
    },
  };
}
