/** bootstrapCluster: the first leader of all gives the cluster its id; every later one finds it. */
import { CairnError } from '@cairn/core';
import type { Command } from '../command.ts';
import { systemKey } from '../keys.ts';
import { FORMAT_VERSION, rows } from '../rows.ts';

/**
 * @param proposed The id to take when the store is new: random, made by the caller.
 * @returns The cluster's id.
 * Errors: METADATA_DAMAGED (rows of a format that this version does not know).
 */
export function bootstrapCluster(proposed: { clusterId: string; nowMs: number }): Command<string> {
  return {
    name: 'bootstrapCluster',
    decide(view) {
      const key = systemKey('cluster');
      const value = view.get(key);
      if (value !== undefined) {
        const { clusterId, formatVersion } = rows.cluster.decode(value);
        if (formatVersion !== FORMAT_VERSION) {
          throw new CairnError(
            'METADATA_DAMAGED',
            `the metadata has format ${formatVersion}, this version of cairn reads ${FORMAT_VERSION}`,
          );
        }
        return { writes: [], result: clusterId };
      }
      const row = { clusterId: proposed.clusterId, formatVersion: FORMAT_VERSION, createdMs: proposed.nowMs };
      return { writes: [{ key, value: rows.cluster.encode(row) }], result: row.clusterId };
    },
  };
}
