/**
 * Clock: the only way to the time and to timers. Safety never depends on it (CONTRACT.md, promise 7): time decides when to
 * try, a metadata transaction decides what happens.
 */
export interface Clock {
  /** Wall-clock milliseconds since 1970. May jump. For showing and for SigV4 windows. */
  now(): number;
  /** Milliseconds that only grow. For intervals and deadlines. */
  monotonic(): number;
  /** Runs `action` once, after at least `delayMs`. A `background` timer does not keep the process alive. */
  schedule(delayMs: number, action: () => void, options?: { background?: boolean }): Timer;
}

export interface Timer {
  cancel(): void;
}

/** Resolves after `delayMs`, or rejects with the signal's reason as soon as it is aborted. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.schedule(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
