/**
 * Chance that replays: xoshiro128** by Blackman and Vigna (https://prng.di.unimi.it/xoshiro128starstar.c), its state filled from one
 * number by splitmix32. For simulations and tests; nothing it makes is secret.
 */
import type { Random } from '../ports/random.ts';

const rotateLeft = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

/** One 32-bit word after the other, well mixed even from seeds that differ in one bit. */
function splitmix32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e37_79b9) >>> 0;
    let word = Math.imul(state ^ (state >>> 16), 0x21f0_aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a_2d97);
    return (word ^ (word >>> 15)) >>> 0;
  };
}

export class SeededRandom implements Random {
  readonly #seedText: string;
  readonly #state = new Int32Array(4);

  /** @param seed A number; the same one gives the same sequence on every machine. */
  constructor(seed: number | string) {
    this.#seedText = String(seed);
    const next = splitmix32(fnv1a(this.#seedText));
    for (let at = 0; at < 4; at++) this.#state[at] = next();
  }

  /** The generator in the very state given, to compare it with the reference. */
  static fromState(words: readonly [number, number, number, number]): SeededRandom {
    const random = new SeededRandom(0);
    random.#state.set(words);
    return random;
  }

  /** The next 32 bits. */
  word(): number {
    const state = this.#state as unknown as [number, number, number, number];
    const result = Math.imul(rotateLeft(Math.imul(state[1], 5), 7), 9) >>> 0;
    const shifted = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotateLeft(state[3], 11);
    return result;
  }

  fraction(): number {
    // 53 bits, as many as a double holds below 1.
    return ((this.word() >>> 5) * 2 ** 26 + (this.word() >>> 6)) / 2 ** 53;
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; at++) bytes[at] = this.word() >>> 24;
    return bytes;
  }

  /** Uniform in 0 .. bound - 1. */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound);
  }

  /**
   * A sequence of its own for one part of a simulation, which depends on this seed and the name only: what other parts draw does
   * not change it.
   */
  fork(name: string): SeededRandom {
    return new SeededRandom(`${this.#seedText}/${name}`);
  }
}

/** FNV-1a, 32 bits: any text as a seed. */
function fnv1a(text: string): number {
  let hash = 0x811c_9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x0100_0193);
  return hash >>> 0;
}
