/**
 * registerNode: a node that starts gets a new incarnation, and every older process or copy of its data folder is stale from then on.
 *
 * The node persists its incarnation after the answer. When the answer is lost (a crash of either side after the commit), the
 * node's folder still holds the one before, and must not be locked out for good. So every incarnation from the highest that a
 * heartbeat has *confirmed* up to the highest handed out may register: between these two no process is known to have gone on
 * with a higher one. Once a heartbeat has shown a newer incarnation, all before it are refused.
 */
import { CairnError, type Endpoint, type FailureDomain, type NodeId } from '@cairn/core';
import type { Command } from '../command.ts';
import { nodeKey } from '../keys.ts';
import { rows } from '../rows.ts';

export interface Registration {
  nodeId: NodeId;
  /** What the node's folder holds; 0 when it never registered. */
  incarnation: number;
  endpoint: Endpoint;
  domain: FailureDomain;
  capacityBytes: number;
}

/**
 * @returns The node's new incarnation.
 * Errors: INCARNATION_STALE.
 */
export function registerNode(registration: Registration): Command<number> {
  const { nodeId, incarnation, endpoint, domain, capacityBytes } = registration;
  return {
    name: 'registerNode',
    decide(view) {
      const key = nodeKey(nodeId);
      const value = view.get(key);
      const { incarnation: highest, confirmedIncarnation } =
        value === undefined ? { incarnation: 0, confirmedIncarnation: 0 } : rows.node.decode(value);
      if (incarnation < confirmedIncarnation || incarnation > highest) {
        throw new CairnError(
          'INCARNATION_STALE',
          `node ${nodeId} brings incarnation ${incarnation}; known are ${confirmedIncarnation} to ${highest}`,
        );
      }
      const row = { incarnation: highest + 1, confirmedIncarnation, endpoint, domain, capacityBytes };
      return { writes: [{ key, value: rows.node.encode(row) }], result: highest + 1 };
    },
  };
}
