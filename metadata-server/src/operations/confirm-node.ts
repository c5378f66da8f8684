/** confirmNode: a heartbeat has shown this incarnation, so the node holds it; older ones can no longer register. */
import { CairnError, type NodeId } from '@cairn/core';
import type { Command } from '../command.ts';
import { nodeKey } from '../keys.ts';
import { rows } from '../rows.ts';

/** Errors: NODE_UNKNOWN, INCARNATION_STALE (a newer one was handed out). */
export function confirmNode(nodeId: NodeId, incarnation: number): Command<void> {
  return {
    name: 'confirmNode',
    decide(view) {
      const key = nodeKey(nodeId);
      const value = view.get(key);
      if (value === undefined) throw new CairnError('NODE_UNKNOWN');
      const row = rows.node.decode(value);
      if (row.incarnation !== incarnation) throw new CairnError('INCARNATION_STALE');
      if (row.confirmedIncarnation === incarnation) return { writes: [], result: undefined };
      return {
        writes: [{ key, value: rows.node.encode({ ...row, confirmedIncarnation: incarnation }) }],
        result: undefined,
      };
    },
  };
}
