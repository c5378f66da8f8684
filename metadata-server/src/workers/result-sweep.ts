/** Result sweep: removes recorded commit results that nobody will ask for again: those of closed sessions, and settled ones. */
import { type Clock, Worker } from '@cairn/core';
import type { ResultIndex } from '../cluster/result-index.ts';
import type { SessionTable } from '../cluster/session-table.ts';
import type { Executor } from '../executor.ts';
import { settleResults } from '../operations/settle-results.ts';

const INTERVAL_MS = 1000;

export interface ResultSweepOptions {
  results: ResultIndex;
  sessions: SessionTable;
  executor: Executor;
  clock: Clock;
}

export function resultSweep({ results, sessions, executor, clock }: ResultSweepOptions): Worker {
  return new Worker({
    name: 'result sweep',
    clock,
    intervalMs: INTERVAL_MS,
    queued: () => results.size,
    async pass(signal) {
      let total = 0;
      while (!signal.aborted) {
        const removable = results.removable((session) => sessions.settledCounter(session));
        if (removable.length === 0) break;
        const removed = await Promise.all(removable.map((each) => executor.submit(settleResults(each))));
        total += removed.reduce((sum, count) => sum + count, 0);
      }
      return total;
    },
  });
}
