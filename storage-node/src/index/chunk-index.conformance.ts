/** The suite that every ChunkIndex passes. */
import type { CairnError, ChunkId, VolumeId } from '@cairn/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Checkpoint, ChunkIndex, IndexEntry } from './chunk-index.ts';

export interface IndexUnderTest {
  /** Opens what the last index on the same place left. */
  open: () => Promise<ChunkIndex>;
  dispose: () => Promise<void>;
}

const one = 1 as VolumeId;
const two = 2 as VolumeId;

export function idOf(number: number): ChunkId {
  return number.toString(16).padStart(32, '0') as ChunkId;
}

export function entryAt(offset: number, kind: IndexEntry['kind'] = 'chunk'): IndexEntry {
  return { kind, offset, payloadBytes: kind === 'tombstone' ? 0 : 100 };
}

export function checkpointAt(offset: number, state: Checkpoint['state'] = 'open'): Checkpoint {
  const totals = { liveChunks: 3, liveBytes: 300, tombstones: 1, damagedChunks: 2, digest: 0xffff_0000_ffff_0000n };
  return { offset, generation: 4, state, ...totals };
}

export function chunkIndexConformance(name: string, make: () => Promise<IndexUnderTest>): void {
  describe(`the ${name} index`, () => {
    let under: IndexUnderTest;
    let index: ChunkIndex;
    beforeEach(async () => {
      under = await make();
      index = await under.open();
    });
    afterEach(async () => {
      await index.close().catch(() => undefined);
      await under.dispose();
    });

    it('is empty at first', () => {
      expect(index.get(one, idOf(1))).toBeUndefined();
      expect(index.checkpoint(one)).toBeUndefined();
      expect(index.volumes()).toEqual([]);
    });

    it('gives back what was written, by volume and chunk', async () => {
      await index.write([
        {
          volumeId: one,
          entries: [
            { chunkId: idOf(1), ...entryAt(88) },
            { chunkId: idOf(2), ...entryAt(500, 'tombstone') },
          ],
          checkpoint: checkpointAt(600),
        },
        { volumeId: two, entries: [{ chunkId: idOf(1), ...entryAt(99, 'damaged') }] },
      ]);
      expect(index.get(one, idOf(1))).toEqual(entryAt(88));
      expect(index.get(one, idOf(2))).toEqual(entryAt(500, 'tombstone'));
      expect(index.get(two, idOf(1))).toEqual(entryAt(99, 'damaged'));
      expect(index.get(two, idOf(2))).toBeUndefined();
      expect(index.checkpoint(one)).toEqual(checkpointAt(600));
      expect(index.checkpoint(two)).toBeUndefined();
      expect(index.volumes()).toEqual([one]);
    });

    it('lets the later write win', async () => {
      await index.write([
        { volumeId: one, entries: [{ chunkId: idOf(1), ...entryAt(88) }], checkpoint: checkpointAt(200) },
      ]);
      await index.write([
        {
          volumeId: one,
          entries: [{ chunkId: idOf(1), ...entryAt(300, 'tombstone') }],
          checkpoint: checkpointAt(400, 'sealed'),
        },
      ]);
      expect(index.get(one, idOf(1))).toEqual(entryAt(300, 'tombstone'));
      expect(index.checkpoint(one)).toEqual(checkpointAt(400, 'sealed'));
    });

    it('keeps everything over a restart', async () => {
      await index.write([
        { volumeId: two, entries: [{ chunkId: idOf(7), ...entryAt(88) }], checkpoint: checkpointAt(200) },
      ]);
      await index.close();
      index = await under.open();
      expect(index.get(two, idOf(7))).toEqual(entryAt(88));
      expect(index.checkpoint(two)).toEqual(checkpointAt(200));
    });

    it('forgets one volume and no other', async () => {
      for (const volumeId of [one, two]) {
        const entries = [
          { chunkId: idOf(1), ...entryAt(88) },
          { chunkId: 'f'.repeat(32) as ChunkId, ...entryAt(99) },
        ];
        await index.write([{ volumeId, entries, checkpoint: checkpointAt(200) }]);
      }
      await index.clear(one);
      expect([index.get(one, idOf(1)), index.get(one, 'f'.repeat(32) as ChunkId), index.checkpoint(one)]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect(index.get(two, 'f'.repeat(32) as ChunkId)).toEqual(entryAt(99));
      expect(index.volumes()).toEqual([two]);
    });

    it('takes many writes of many entries', async () => {
      for (let round = 0; round < 50; round++) {
        const entries = Array.from({ length: 100 }, (_, at) => ({
          chunkId: idOf(round * 100 + at),
          ...entryAt(round),
        }));
        await index.write([{ volumeId: one, entries, checkpoint: checkpointAt(round) }]);
      }
      await index.close();
      index = await under.open();
      expect(index.checkpoint(one)?.offset).toBe(49);
      expect(index.get(one, idOf(0))).toEqual(entryAt(0));
      expect(index.get(one, idOf(4999))).toEqual(entryAt(49));
    });

    it('lets nobody else in while it is open', async () => {
      const refusal: CairnError = await under.open().then(
        () => expect.fail('a second index was opened'),
        (error: unknown) => error as CairnError,
      );
      expect(refusal.code).toBe('DATA_DIR_LOCKED');
    });
  });
}
