/** The in-memory index: the suite, and what a crash may take from it. */
import type { VolumeId } from '@cairn/core';
import { expect, it } from 'vitest';
import { checkpointAt, chunkIndexConformance, entryAt, idOf } from './chunk-index.conformance.ts';
import { MemoryIndexStore } from './memory-index.ts';

chunkIndexConformance('memory', async () => {
  const store = new MemoryIndexStore();
  return { open: async () => store.open(), dispose: async () => store.wipe() };
});

it('a crash takes back the last writes and leaves a prefix', async () => {
  const volume = 1 as VolumeId;
  const store = new MemoryIndexStore();
  const index = store.open();
  for (const number of [1, 2, 3]) {
    const entries = [
      { chunkId: idOf(0), ...entryAt(number) },
      { chunkId: idOf(number), ...entryAt(number) },
    ];
    await index.write([{ volumeId: volume, entries, checkpoint: checkpointAt(number) }]);
  }
  store.crash(2);
  const after = store.open();
  expect(after.checkpoint(volume)).toEqual(checkpointAt(1));
  expect([after.get(volume, idOf(0)), after.get(volume, idOf(1))]).toEqual([entryAt(1), entryAt(1)]);
  expect([after.get(volume, idOf(2)), after.get(volume, idOf(3))]).toEqual([undefined, undefined]);
});
