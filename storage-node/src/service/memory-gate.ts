/** Bounds the bytes of chunks in memory: who does not fit waits a bounded time in a bounded queue, then is told to come back. */
import { type ByteBudget, CairnError, type Clock, hasCode } from '@cairn/core';

const WAITING_MAX = 1024;

export interface MemoryGateOptions {
  budget: ByteBudget;
  clock: Clock;
  waitMaxMs: number;
}

export class MemoryGate {
  readonly #options: MemoryGateOptions;

  constructor(options: MemoryGateOptions) {
    this.#options = options;
  }

  get usedBytes(): number {
    return this.#options.budget.usedBytes;
  }

  /** @returns How to give the bytes back. @throws OVERLOADED, CANCELLED. */
  async enter(bytes: number, signal: AbortSignal): Promise<() => void> {
    const { budget } = this.#options;
    return budget.tryTake(bytes) ?? (await this.#wait(bytes, signal));
  }

  async #wait(bytes: number, signal: AbortSignal): Promise<() => void> {
    const { budget, clock, waitMaxMs } = this.#options;
    if (budget.waiting >= WAITING_MAX) throw new CairnError('OVERLOADED');
    const patience = new AbortController();
    const timer = clock.schedule(waitMaxMs, () => patience.abort(), { background: true });
    try {
      return await budget.take(bytes, AbortSignal.any([signal, patience.signal]));
    } catch (thrown) {
      if (hasCode(thrown, 'CANCELLED') && !signal.aborted) throw new CairnError('OVERLOADED');
      throw thrown;
    } finally {
      timer.cancel();
    }
  }
}
