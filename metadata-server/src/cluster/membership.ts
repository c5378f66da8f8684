/**
 * Membership: from what the leader has observed of a node to its state (CONTRACT.md, node states). A pure function; time comes in as
 * "how long ago" by the leader's own monotonic clock. States only steer where new chunks and reads go: what is safe is decided by
 * generations, incarnations and transactions.
 *
 *   registered | last heartbeat        | else                        | state
 *   -----------+-----------------------+-----------------------------+---------
 *   no         | leads < downAfter     |                             | joining
 *   no         | leads >= downAfter    |                             | down
 *   yes        | >= downAfter ago      |                             | down
 *   yes        | >= suspectAfter ago   |                             | suspect
 *   yes        | fresh                 | says so, or >= 95 % full    | readonly
 *   yes        | fresh                 | fsync slow for 30 s         | slow
 *   yes        | fresh                 |                             | alive
 */
import { LIMITS, type NodeState, type Timers } from '@cairn/core';

/** An fsync p99 above this, or above ten times the cluster's median, is slow when it lasts. */
export const SLOW_FSYNC_MS = 1000;
export const SLOW_FSYNC_TIMES_MEDIAN = 10;
/** Below this a multiple of the median says nothing: the median of an idle cluster is a fraction of a millisecond. */
export const SLOW_FSYNC_FLOOR_MS = 100;
export const SLOW_FOR_MS = 30_000;

export interface NodeObservation {
  /** With this leader, since it leads. */
  registered: boolean;
  /** Since the last heartbeat or registration; since this leader leads, when there was none. */
  silentForMs: number;
  /** The node says that it takes no writes. */
  readOnly: boolean;
  usedBytes: number;
  capacityBytes: number;
  /** How long its fsyncs have been slow without a break; 0 when they are not. */
  slowForMs: number;
}

export function nodeState(
  node: NodeObservation,
  { suspectAfterMs, downAfterMs }: Pick<Timers, 'suspectAfterMs' | 'downAfterMs'>,
): NodeState {
  if (node.silentForMs >= downAfterMs) return 'down';
  if (!node.registered) return 'joining';
  if (node.silentForMs >= suspectAfterMs) return 'suspect';
  if (node.readOnly || node.usedBytes >= node.capacityBytes * LIMITS.diskReadOnlyShare) return 'readonly';
  return node.slowForMs >= SLOW_FOR_MS ? 'slow' : 'alive';
}

/** Whether one measurement counts as slow, given the median of all nodes. */
export function isSlowFsync(fsyncP99Ms: number, medianMs: number): boolean {
  if (fsyncP99Ms > SLOW_FSYNC_MS) return true;
  return fsyncP99Ms > SLOW_FSYNC_FLOOR_MS && fsyncP99Ms > medianMs * SLOW_FSYNC_TIMES_MEDIAN;
}

/** Whether the node answers: it counts for safe mode, and for reads. */
export function isUp(state: NodeState): boolean {
  return state === 'alive' || state === 'slow' || state === 'readonly' || state === 'draining';
}

/**
 * Whether a replica on it counts as a copy.
 * @param graceOver The node has been down for longer than the repair grace.
 */
export function countsAsCopy(state: NodeState, graceOver: boolean): boolean {
  switch (state) {
    case 'joining':
    case 'dead':
      return false;
    case 'down':
      return !graceOver;
    default:
      return true;
  }
}
