/**
 * Which nodes still have to be told that a volume is sealed. It follows from rows and reports alone, so a new leader finds out by
 * itself as nodes register: an order stands until a report of the replica shows that it was done.
 */
import { LIMITS, type NodeId, type NodeOrder, type VolumeId, type VolumeReport } from '@cairn/core';
import type { Volume, VolumeTable } from './volume-table.ts';

export class SealOrders {
  readonly #volumes: VolumeTable;
  readonly #pending = new Map<NodeId, Set<VolumeId>>();

  constructor(volumes: VolumeTable) {
    this.#volumes = volumes;
  }

  get size(): number {
    let size = 0;
    for (const volumes of this.#pending.values()) size += volumes.size;
    return size;
  }

  /** The volume has just been sealed. */
  sealed(volume: Volume): void {
    for (const node of volume.nodeIds) this.#add(node, volume.id);
  }

  /** A node has said how its replica stands. A failed replica takes no writes anyway. */
  reported(node: NodeId, report: VolumeReport): void {
    const volume = this.#volumes.get(report.volumeId);
    const behind = volume !== undefined && report.generation < volume.generation;
    const due = volume?.state === 'sealed' && report.state !== 'failed' && (report.state === 'open' || behind);
    if (due) this.#add(node, report.volumeId);
    else this.drop(node, report.volumeId);
  }

  drop(node: NodeId, volume: VolumeId): void {
    this.#pending.get(node)?.delete(volume);
  }

  nodes(): NodeId[] {
    return [...this.#pending].filter(([, volumes]) => volumes.size > 0).map(([node]) => node);
  }

  /** The oldest orders for a node; the rest follows once these are done. */
  of(node: NodeId): NodeOrder[] {
    const orders: NodeOrder[] = [];
    for (const volumeId of this.#pending.get(node) ?? []) {
      if (orders.length === LIMITS.reportsMax) break;
      const volume = this.#volumes.get(volumeId);
      if (volume !== undefined) orders.push({ kind: 'seal', volumeId, generation: volume.generation });
    }
    return orders;
  }

  #add(node: NodeId, volume: VolumeId): void {
    const volumes = this.#pending.get(node) ?? new Set();
    volumes.add(volume);
    this.#pending.set(node, volumes);
  }
}
