/** The volumes of the cluster in leader memory: an exact mirror of the volume rows. Where replicas are is decided by rows alone. */
import type { NodeId, VolumeId, VolumeState } from '@cairn/core';
import { volumeOfKey } from '../keys.ts';
import { rows } from '../rows.ts';
import type { StoreKey } from '../store/metadata-store.ts';

export interface Volume {
  readonly id: VolumeId;
  readonly state: VolumeState;
  readonly generation: number;
  readonly nodeIds: readonly NodeId[];
}

const NONE: ReadonlySet<VolumeId> = new Set();

export class VolumeTable {
  readonly #volumes = new Map<VolumeId, Volume>();
  readonly #open = new Set<VolumeId>();
  readonly #onNode = new Map<NodeId, Set<VolumeId>>();

  get size(): number {
    return this.#volumes.size;
  }

  get(id: VolumeId): Volume | undefined {
    return this.#volumes.get(id);
  }

  all(): Iterable<Volume> {
    return this.#volumes.values();
  }

  /** Oldest first. */
  open(): Volume[] {
    const open = [...this.#open].sort((a, b) => a - b);
    return open.flatMap((id) => this.#volumes.get(id) ?? []);
  }

  onNode(node: NodeId): ReadonlySet<VolumeId> {
    return this.#onNode.get(node) ?? NONE;
  }

  apply(key: StoreKey, value: Uint8Array | undefined): void {
    const id = volumeOfKey(key);
    for (const node of this.#volumes.get(id)?.nodeIds ?? []) this.#onNode.get(node)?.delete(id);
    this.#open.delete(id);
    this.#volumes.delete(id);
    if (value === undefined) return;
    const { state, generation, nodeIds } = rows.volume.decode(value);
    this.#volumes.set(id, { id, state, generation, nodeIds });
    if (state === 'open') this.#open.add(id);
    for (const node of nodeIds) {
      const volumes = this.#onNode.get(node) ?? new Set();
      volumes.add(id);
      this.#onNode.set(node, volumes);
    }
  }
}
