/** An index in memory whose writes end with its process: what a killed process still does must not reach the one after it. */
import { CairnError, type Clock } from '@cairn/core';
import type { MemoryIndexStore } from '@cairn/storage-node';

type ChunkIndex = ReturnType<MemoryIndexStore['open']>;

export function fencedIndex(index: ChunkIndex, clock: Clock & { readonly isDead: boolean }): ChunkIndex {
  const demandAlive = () => {
    if (clock.isDead) throw new CairnError('DISK_FAILED', 'the process was killed');
  };
  return {
    get: (volumeId, chunkId) => index.get(volumeId, chunkId),
    checkpoint: (volumeId) => index.checkpoint(volumeId),
    volumes: () => index.volumes(),
    async write(updates) {
      demandAlive();
      await index.write(updates);
    },
    async clear(volumeId) {
      demandAlive();
      await index.clear(volumeId);
    },
    async close() {
      demandAlive();
      await index.close();
    },
  };
}
