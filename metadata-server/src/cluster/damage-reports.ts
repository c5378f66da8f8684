/** Damaged or missing chunks that readers met, remembered until repair has dealt with them; bounded, for a bad disk has millions. */
import type { ChunkId, NodeId, ReportChunkRequest, VolumeId } from '@cairn/core';

const CHUNKS_PER_REPLICA_MAX = 1000;
const REPLICAS_MAX = 10_000;

export class DamageReports {
  readonly #chunks = new Map<string, Set<ChunkId>>();
  #receivedTotal = 0;

  /** Reports, repeated ones too. */
  get receivedTotal(): number {
    return this.#receivedTotal;
  }

  /** @returns Whether this is news that is remembered. */
  add({ volumeId, nodeId, chunkId }: ReportChunkRequest): boolean {
    this.#receivedTotal += 1;
    const name = replicaName(volumeId, nodeId);
    const chunks = this.#chunks.get(name) ?? new Set();
    if (chunks.has(chunkId) || chunks.size >= CHUNKS_PER_REPLICA_MAX) return false;
    if (chunks.size === 0 && this.#chunks.size >= REPLICAS_MAX) return false;
    chunks.add(chunkId);
    this.#chunks.set(name, chunks);
    return true;
  }

  /** Distinct chunks reported of a replica. */
  count(volume: VolumeId, node: NodeId): number {
    return this.#chunks.get(replicaName(volume, node))?.size ?? 0;
  }
}

function replicaName(volume: VolumeId, node: NodeId): string {
  return `${volume}/${node}`;
}
