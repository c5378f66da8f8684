/** createVolume: a volume whose replicas are there becomes part of the cluster, open for writing, at generation 1. */
import { invariant, type NodeId, type VolumeId } from '@cairn/core';
import type { Command } from '../command.ts';
import { volumeKey } from '../keys.ts';
import { rows } from '../rows.ts';

export const FIRST_GENERATION = 1;

export interface NewVolume {
  id: VolumeId;
  /** Those that have made their replica durably. */
  nodeIds: NodeId[];
  nowMs: number;
}

export function createVolume({ id, nodeIds, nowMs }: NewVolume): Command<void> {
  return {
    name: 'createVolume',
    decide(view) {
      const key = volumeKey(id);
      invariant(view.get(key) === undefined, 'a volume id is used once');
      const row = { state: 'open' as const, generation: FIRST_GENERATION, nodeIds, createdMs: nowMs };
      return { writes: [{ key, value: rows.volume.encode(row) }], result: undefined };
    },
  };
}
