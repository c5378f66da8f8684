/**
 * The lease of a store that one process holds alone: who asks first has it until release, the next one waits. It is never
 * lost, because nobody else can take it.
 */
import { CairnError } from '@cairn/core';
import type { Lease } from './metadata-store.ts';

export class SingleLease {
  /** Of the current lease; undefined while nobody leads. */
  #epoch: number | undefined;
  #free: Promise<void> = Promise.resolve();

  /** @param begin Makes a higher epoch than any before durable and returns it. */
  async acquire(begin: () => Promise<number>): Promise<Lease> {
    const before = this.#free;
    let release: () => void = () => undefined;
    this.#free = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    let epoch: number;
    try {
      epoch = await begin();
    } catch (error) {
      release();
      throw error;
    }
    this.#epoch = epoch;
    return {
      epoch,
      lost: new Promise(() => undefined),
      release: async () => {
        if (this.#epoch === epoch) this.#epoch = undefined;
        release();
      },
    };
  }

  /** @throws EPOCH_STALE unless `epoch` is that of the current lease. */
  check(epoch: number): void {
    if (epoch !== this.#epoch) {
      throw new CairnError(
        'EPOCH_STALE',
        `the commit is of epoch ${epoch}, the current lease of ${this.#epoch ?? 'nobody'}`,
      );
    }
  }
}
