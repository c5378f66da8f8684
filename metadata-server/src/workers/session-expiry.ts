/** Session expiry: closes sessions that were not renewed for their time. Being late is harmless, the closing commit is what counts. */
import { type Clock, type Timers, Worker } from '@cairn/core';
import type { SessionTable } from '../cluster/session-table.ts';
import type { Executor } from '../executor.ts';
import { closeSession } from '../operations/close-session.ts';

export interface SessionExpiryOptions {
  sessions: SessionTable;
  executor: Executor;
  clock: Clock;
  timers: Timers;
}

export function sessionExpiry({ sessions, executor, clock, timers }: SessionExpiryOptions): Worker {
  return new Worker({
    name: 'session expiry',
    clock,
    intervalMs: timers.sessionTtlMs / 4,
    async pass() {
      const expired = sessions.expired(timers.sessionTtlMs);
      await Promise.all(expired.map((id) => executor.submit(closeSession(id))));
      return expired.length;
    },
  });
}
