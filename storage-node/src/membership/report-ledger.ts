/** Which volume reports the leader has seen: a heartbeat carries only those that changed since they were last answered. */
import type { VolumeId, VolumeReport } from '@cairn/core';
import type { Volume } from '../volume/volume.ts';
import type { Inventory } from './membership.ts';

export class ReportLedger {
  readonly #answered = new Map<VolumeId, number>();

  inventory(which: 'all' | 'changed', volumes: Iterable<Volume>): Inventory {
    const reports: VolumeReport[] = [];
    const seen: [VolumeId, number][] = [];
    for (const volume of volumes) {
      if (which === 'changed' && this.#answered.get(volume.id) === volume.changes) continue;
      reports.push(volume.report());
      seen.push([volume.id, volume.changes]);
    }
    const answered = () => {
      for (const [id, changes] of seen) this.#answered.set(id, changes);
    };
    return { reports, answered };
  }
}
