/**
 * sealVolume: the volume takes no more chunks. The generation grows, so that nodes which have heard of it refuse writers that have not;
 * a node that cannot be reached is told when it is back.
 */
import { CairnError, type VolumeId } from '@cairn/core';
import type { Command } from '../command.ts';
import { volumeKey } from '../keys.ts';
import { rows } from '../rows.ts';

/**
 * @returns Whether it was open. Sealing again changes nothing.
 * Errors: VOLUME_NOT_FOUND.
 */
export function sealVolume(id: VolumeId): Command<boolean> {
  return {
    name: 'sealVolume',
    decide(view) {
      const key = volumeKey(id);
      const value = view.get(key);
      if (value === undefined) throw new CairnError('VOLUME_NOT_FOUND', `there is no volume ${id}`);
      const row = rows.volume.decode(value);
      if (row.state === 'sealed') return { writes: [], result: false };
      const sealed = { ...row, state: 'sealed' as const, generation: row.generation + 1 };
      return { writes: [{ key, value: rows.volume.encode(sealed) }], result: true };
    },
  };
}
