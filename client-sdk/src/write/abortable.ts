/** A source of pieces that is left as soon as a signal is aborted, even while the source has nothing to give. */
import { CairnError } from '@cairn/core';

/** @throws CANCELLED from the loop over it, with the signal's reason as the cause. */
export function abortable<T>(source: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncIterable<T> {
  return signal === undefined ? source : untilAborted(source, signal);
}

async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  // One promise for each piece. Racing every piece against one promise of the abort would keep all pieces alive through it.
  let giveUp: (error: CairnError) => void = () => undefined;
  const onAbort = () => giveUp(new CairnError('CANCELLED', undefined, { cause: signal.reason }));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      const next = await new Promise<IteratorResult<T>>((resolve, reject) => {
        giveUp = reject;
        if (signal.aborted) onAbort();
        else iterator.next().then(resolve, reject);
      });
      if (next.done) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // A source that hangs would hang its return as well, so nobody waits for it.
    iterator.return?.().catch(() => undefined);
  }
}
