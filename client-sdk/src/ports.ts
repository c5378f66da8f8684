/** What the client takes from the outside world. It never touches a disk. */
import type { RolePorts } from '@cairn/core';

export type ClientPorts = Pick<RolePorts, 'clock' | 'random' | 'transport' | 'log'>;

/** Settings that have a good default; CONTRACT.md, timers. */
export interface Tuning {
  /** How long a replica may take for a piece before another one is asked as well. */
  hedgeAfterMs: number;
  /** How long a metadata server may take to answer one try. */
  rpcDeadlineMs: number;
  /** Names the kernel this process runs on, as storage nodes name theirs; replicas on it are read first. '' when unknown. */
  hostId: string;
}

/** How long one call may take that carries chunk bytes: it may wait for a disk, behind large chunks of others. */
export function dataDeadlineMs({ rpcDeadlineMs }: Pick<Tuning, 'rpcDeadlineMs'>): number {
  return Math.max(10_000, 2 * rpcDeadlineMs);
}
