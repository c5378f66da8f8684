/** Many at once, within a bound. */
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { forEachParallel } from './parallel.ts';

describe('forEachParallel', () => {
  it('runs every item and never more at once than allowed', async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    await forEachParallel({
      items: Array.from({ length: 20 }, (_, at) => at),
      atOnceMax: 3,
      signal: new AbortController().signal,
      action: async (item) => {
        running += 1;
        most = Math.max(most, running);
        await turn();
        running -= 1;
        done.push(item);
      },
    });
    expect(most).toBe(3);
    expect(done).toHaveLength(20);
  });

  it('takes no new items after a failure, waits for the others, and throws it', async () => {
    const ended: number[] = [];
    const run = forEachParallel({
      items: [1, 2, 3, 4, 5, 6],
      atOnceMax: 2,
      signal: new AbortController().signal,
      action: async (item) => {
        await turn();
        if (item === 1) throw new Error('first');
        await turn();
        ended.push(item);
      },
    });
    await expect(run).rejects.toThrow('first');
    expect(ended).toEqual([2]);
  });

  it('stops when aborted and says so', async () => {
    const stop = new AbortController();
    let taken = 0;
    const run = forEachParallel({
      items: [1, 2, 3, 4],
      atOnceMax: 1,
      signal: stop.signal,
      action: async () => {
        taken += 1;
        stop.abort(new Error('interrupted'));
      },
    });
    await expect(run).rejects.toThrow('interrupted');
    expect(taken).toBe(1);
  });
});
