/**
 * Random loads, crashes and restarts against a model: a chunk that was acknowledged is there with its bytes until its deletion was asked for,
 * one whose deletion was acknowledged never comes back, and nothing is ever called damaged that no bit was flipped in.
 */
import { MemoryDisk, SeededRandom } from '@cairn/core/testing';
import { describe, expect, it } from 'vitest';
import { codeOf, idOf, payloadOf, putOf, readChunk, VOLUME, VolumeBench } from '../testing/volume-bench.ts';
import type { Volume } from './volume.ts';

const KIB = 1024;
const SIZES = [0, 1, 700, 4 * KIB, 10 * KIB, 64 * KIB, 150 * KIB];
const CHUNKS = 30;

/** `asked`: a put or delete is under way, or was when the power went; either outcome is right. */
type Fate = 'absent' | 'putAsked' | 'stored' | 'deleteAsked' | 'deleted';

class Model {
  readonly fates: Fate[] = Array<Fate>(CHUNKS).fill('absent');

  async put(volume: Volume, number: number): Promise<void> {
    if (this.fates[number] === 'absent') this.fates[number] = 'putAsked';
    await volume.put(putOf(number, sizeOf(number)));
    if (this.fates[number] === 'putAsked') this.fates[number] = 'stored';
  }

  async remove(volume: Volume, number: number): Promise<void> {
    if (this.fates[number] !== 'deleted') this.fates[number] = 'deleteAsked';
    await volume.delete([idOf(number)]);
    this.fates[number] = 'deleted';
  }

  async judge(volume: Volume): Promise<void> {
    let live = 0;
    for (const [number, fate] of this.fates.entries()) {
      const read = await codeOf(readChunk(volume, idOf(number)));
      if (read === 'no error') {
        live += 1;
        expect((await readChunk(volume, idOf(number))).equals(payloadOf(number, sizeOf(number)))).toBe(true);
      }
      const there = {
        absent: [false],
        putAsked: [true, false],
        stored: [true],
        deleteAsked: [true, false],
        deleted: [false],
      };
      expect(there[fate], `chunk ${number}, ${fate}: ${read}`).toContain(read === 'no error');
    }
    expect(volume.report()).toMatchObject({ liveChunks: live, damagedChunks: 0, state: 'open' });
  }
}

function sizeOf(number: number): number {
  return SIZES[number % SIZES.length] as number;
}

/** One life of the process: waves of puts and deletes until it ends or the power goes. */
async function live(
  bench: VolumeBench,
  { volume, model, random }: { volume: Volume; model: Model; random: SeededRandom },
) {
  for (let waves = random.below(6); waves >= 0 && !bench.disk.isOff; waves--) {
    const wave = Array.from({ length: 1 + random.below(8) }, () => {
      const number = random.below(CHUNKS);
      return random.fraction() < 0.75 ? model.put(volume, number) : model.remove(volume, number);
    });
    await Promise.allSettled(wave);
    if (random.fraction() < 0.4 && !bench.disk.isOff) await bench.writeIndex();
  }
}

describe('a replica through many lives', () => {
  it.each(Array.from({ length: 30 }, (_, seed) => seed))('keeps its word (seed %i)', async (seed) => {
    const random = new SeededRandom(`lives ${seed}`);
    const model = new Model();
    const bench = new VolumeBench({ disk: new MemoryDisk({ random }) });
    let volume = await bench.openWithVolume();
    for (let lives = 0; lives < 12; lives++) {
      const powerGoes = random.fraction() < 0.6;
      if (powerGoes) bench.disk.powerCutAtChange(1 + random.below(20), { torn: random.fraction() < 0.7 });
      await live(bench, { volume, model, random });
      const indexWritesLost = [0, 0, 1, 2, 64][random.below(5)] as number;
      if (powerGoes) bench.powerCut({ torn: true, indexWritesLost });
      else bench.kill({ indexWritesLost });
      volume = (await bench.open()).get(VOLUME);
      await model.judge(volume);
    }
  });
});
