/** The failure detector: notices when a node's state has changed, says so in the log, and has the allocator look at its volumes. */
import { type Clock, type Log, type NodeId, type NodeState, type Timers, Worker } from '@cairn/core';
import type { NodeTable } from '../cluster/node-table.ts';

export interface FailureDetectorOptions {
  nodes: NodeTable;
  clock: Clock;
  timers: Timers;
  log: Log;
  onChange: () => void;
}

export function failureDetector({ nodes, clock, timers, log, onChange }: FailureDetectorOptions): Worker {
  const known = new Map<NodeId, NodeState>();
  return new Worker({
    name: 'failure detector',
    clock,
    intervalMs: timers.heartbeatIntervalMs / 2,
    async pass() {
      let changes = 0;
      for (const { id, state, silentForMs } of nodes.all()) {
        const before = known.get(id);
        if (before === state) continue;
        known.set(id, state);
        changes += 1;
        const fields = { node: id, before: before ?? 'unknown', state, silentForMs: Math.round(silentForMs) };
        if (state === 'alive' || state === 'joining') log.info(fields, 'node state changed');
        else log.warn(fields, 'node state changed');
      }
      if (changes > 0) onChange();
      return changes;
    },
  });
}
