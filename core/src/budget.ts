/**
 * A budget of bytes with a fair queue: who asks for more than is free waits behind those who asked before. It bounds what a
 * process holds in memory and is how backpressure starts.
 */
import { CairnError } from './errors.ts';
import { invariant } from './invariant.ts';

interface Waiter {
  bytes: number;
  grant: () => void;
}

export class ByteBudget {
  readonly totalBytes: number;
  #freeBytes: number;
  readonly #waiters: Waiter[] = [];

  constructor(totalBytes: number) {
    this.totalBytes = totalBytes;
    this.#freeBytes = totalBytes;
  }

  get usedBytes(): number {
    return this.totalBytes - this.#freeBytes;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /**
   * Takes `bytes`, waiting until they are free. More than the whole budget is never granted: MESSAGE_TOO_LARGE.
   * @returns The function that gives them back; calling it again does nothing.
   * @throws CANCELLED when the signal is aborted while waiting.
   */
  async take(bytes: number, signal?: AbortSignal): Promise<() => void> {
    if (bytes > this.totalBytes) throw new CairnError('MESSAGE_TOO_LARGE');
    const taken = this.tryTake(bytes);
    if (taken !== undefined) return taken;
    await this.#wait(bytes, signal);
    return this.#giver(bytes);
  }

  /** Takes `bytes` only if they are free now and nobody waits for some. @returns As `take`, or undefined. */
  tryTake(bytes: number): (() => void) | undefined {
    invariant(bytes >= 0, 'nobody takes less than nothing');
    if (this.#waiters.length > 0 || bytes > this.#freeBytes) return undefined;
    this.#freeBytes -= bytes;
    return this.#giver(bytes);
  }

  #giver(bytes: number): () => void {
    let taken = true;
    return () => {
      if (!taken) return;
      taken = false;
      this.#give(bytes);
    };
  }

  #wait(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(new CairnError('CANCELLED'));
      const onAbort = () => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(new CairnError('CANCELLED'));
        this.#grantWaiting();
      };
      const waiter: Waiter = {
        bytes,
        grant: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      this.#waiters.push(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  #give(bytes: number): void {
    this.#freeBytes += bytes;
    invariant(this.#freeBytes <= this.totalBytes, 'a budget never gets back more than it gave');
    this.#grantWaiting();
  }

  #grantWaiting(): void {
    for (
      let first = this.#waiters[0];
      first !== undefined && first.bytes <= this.#freeBytes;
      first = this.#waiters[0]
    ) {
      this.#waiters.shift();
      this.#freeBytes -= first.bytes;
      first.grant();
    }
  }
}
