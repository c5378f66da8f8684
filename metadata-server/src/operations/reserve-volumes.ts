/** reserveVolumes: takes volume ids, durably, before any node hears of them: an id names one volume for ever. */
import type { VolumeId } from '@cairn/core';
import type { Command } from '../command.ts';
import { takeIds } from './counter.ts';

export function reserveVolumes(count: number): Command<VolumeId[]> {
  return {
    name: 'reserveVolumes',
    decide(view) {
      const { first, write } = takeIds(view, 'lastVolumeId', count);
      return { writes: [write], result: Array.from({ length: count }, (_, at) => (first + at) as VolumeId) };
    },
  };
}
