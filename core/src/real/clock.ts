/** The machine's clock. */
import type { Clock } from '../ports/clock.ts';

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(delayMs, action, options) {
    const timer = setTimeout(action, Math.min(delayMs, 2 ** 31 - 1));
    if (options?.background) timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
