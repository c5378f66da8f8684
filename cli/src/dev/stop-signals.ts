/**
 * The wishes to stop: SIGTERM, SIGINT, SIGHUP, or the end of the process that started this one. A terminal's Ctrl-C reaches this process
 * and its starter, which passes it on, so what follows within a moment is the same wish.
 */
import type { Clock } from '@cairn/core';

const SAME_WISH_MS = 1000;

export class StopSignals {
  /** Resolves at the first wish. */
  readonly first: Promise<void>;
  /** Resolves when somebody asks again. */
  readonly second: Promise<void>;
  reason = '';
  readonly #stopping = new AbortController();

  constructor(clock: Clock) {
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    this.first = first.promise;
    this.second = second.promise;
    let firstAt = 0;
    const wish = (reason: string) => {
      if (this.reason === '') {
        this.reason = reason;
        firstAt = clock.monotonic();
        this.#stopping.abort();
        first.resolve();
      } else if (clock.monotonic() - firstAt > SAME_WISH_MS) second.resolve();
    };
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => wish(signal));
    if (process.send !== undefined) process.on('disconnect', () => wish('the starting process is gone'));
  }

  get wanted(): AbortSignal {
    return this.#stopping.signal;
  }
}
