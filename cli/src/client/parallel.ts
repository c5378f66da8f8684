/** Runs an action for each item, a bounded number at once. */

export interface ParallelOptions<T> {
  items: Iterable<T> | AsyncIterable<T>;
  atOnceMax: number;
  signal: AbortSignal;
  /** Settles an item's own failure itself: what it throws ends everything. */
  action: (item: T) => Promise<void>;
}

/** Takes no new items once an action threw or the signal was aborted, waits for those under way, and then throws. */
export async function forEachParallel<T>({ items, atOnceMax, signal, action }: ParallelOptions<T>): Promise<void> {
  const running = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  for await (const item of items) {
    if (failure !== undefined || signal.aborted) break;
    const run: Promise<void> = action(item)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => running.delete(run));
    running.add(run);
    if (running.size >= atOnceMax) await Promise.race(running);
  }
  await Promise.all(running);
  if (failure !== undefined) throw failure.error;
  signal.throwIfAborted();
}
