/**
 * closeSession: the session's row goes, and with it the right to commit (CONTRACT.md, session vs. garbage). Ids are never reused,
 * so no row means: closed, or never opened. Its recorded results are swept afterwards.
 */
import type { SessionId } from '@cairn/core';
import type { Command } from '../command.ts';
import { sessionKey } from '../keys.ts';

/** @returns Whether it was open. */
export function closeSession(session: SessionId): Command<boolean> {
  return {
    name: 'closeSession',
    decide(view) {
      const key = sessionKey(session);
      if (view.get(key) === undefined) return { writes: [], result: false };
      return { writes: [{ key, value: undefined }], result: true };
    },
  };
}
