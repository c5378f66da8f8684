/** A background worker on a virtual clock: passes, pauses, wake-ups, errors and its end. */
import { describe, expect, it } from 'vitest';
import { InvariantViolation } from './invariant.ts';
import { VirtualClock } from './memory/clock.ts';
import { sleep } from './ports/clock.ts';
import { Worker, type WorkerOptions } from './worker.ts';

function bench(options: Partial<WorkerOptions> = {}) {
  const clock = new VirtualClock();
  const startedAtMs: number[] = [];
  const errors: unknown[] = [];
  const worker = new Worker({
    name: 'scrub',
    clock,
    intervalMs: 100,
    onError: (error) => errors.push(error),
    ...options,
    pass: async (signal) => {
      startedAtMs.push(clock.monotonic());
      return (await options.pass?.(signal)) ?? 1;
    },
  });
  return { clock, worker, startedAtMs, errors };
}

describe('a worker', () => {
  it('runs a pass at once and after each pause, until it is stopped', async () => {
    const { clock, worker, startedAtMs } = bench();
    expect(worker.status.state).toBe('stopped');
    worker.start();
    await clock.advance(250);
    expect(startedAtMs).toEqual([0, 100, 200]);
    expect(worker.status).toEqual({ name: 'scrub', state: 'idle', queued: 0, doneTotal: 3, lastError: '' });
    await worker.stop();
    expect(worker.status.state).toBe('stopped');
    await clock.advance(1000);
    expect(startedAtMs).toHaveLength(3);
    expect(clock.pendingTimers).toBe(0);
  });

  it('counts the pause from the end of a pass, so that passes never overlap', async () => {
    const { clock, worker, startedAtMs } = bench({
      pass: async () => {
        await sleep(clock, 300);
        return 5;
      },
    });
    worker.start();
    await clock.advance(150);
    expect(worker.status.state).toBe('running');
    await clock.advance(800);
    expect(startedAtMs).toEqual([0, 400, 800]);
    expect(worker.status.doneTotal).toBe(10);
    await clock.run(Promise.all([worker.stop(), sleep(clock, 300)]));
  });

  it('starts the next pass at once when woken in a pause', async () => {
    const { clock, worker, startedAtMs } = bench();
    worker.start();
    await clock.advance(30);
    worker.wake();
    await clock.advance(120);
    expect(startedAtMs).toEqual([0, 30, 130]);
    await worker.stop();
  });

  it('runs again without a pause when woken during a pass: what woke it may have come too late', async () => {
    const { clock, worker, startedAtMs } = bench({
      pass: async () => {
        await sleep(clock, 50);
        return 1;
      },
    });
    worker.start();
    await clock.advance(20);
    worker.wake();
    worker.wake();
    await clock.advance(230);
    expect(startedAtMs).toEqual([0, 50, 200]);
    await clock.run(worker.stop());
  });

  it('shows the error of a pass until one succeeds, and goes on', async () => {
    let fails = true;
    const { clock, worker, errors } = bench({
      pass: async () => {
        if (fails) throw new Error('disk asleep');
        return 1;
      },
    });
    worker.start();
    await clock.advance(50);
    expect(worker.status).toMatchObject({ state: 'idle', lastError: 'disk asleep', doneTotal: 0 });
    fails = false;
    await clock.advance(100);
    expect(worker.status).toMatchObject({ lastError: '', doneTotal: 1 });
    expect(errors).toHaveLength(1);
    await worker.stop();
  });

  it('aborts the running pass when stopped, waits for its end and reports no error of it', async () => {
    let ended = false;
    const { clock, worker, errors } = bench({
      pass: async (signal) => {
        await sleep(clock, 1_000_000, signal).finally(() => {
          ended = true;
        });
        return 1;
      },
    });
    worker.start();
    await clock.advance(10);
    await worker.stop();
    expect([ended, worker.status.lastError, errors]).toEqual([true, '', []]);
  });

  it('tells how many things wait', () => {
    expect(bench({ queued: () => 7 }).worker.status.queued).toBe(7);
  });

  it('ends with an invariant violation instead of going on', async () => {
    const { clock, worker } = bench({
      pass: async () => {
        throw new InvariantViolation('the books do not balance');
      },
    });
    worker.start();
    await expect(worker.stop()).rejects.toThrow('the books do not balance');
    expect(clock.pendingTimers).toBe(0);
  });

  it('is started once', async () => {
    const { worker } = bench();
    worker.start();
    expect(() => worker.start()).toThrow(InvariantViolation);
    await worker.stop();
    expect(() => worker.start()).toThrow(InvariantViolation);
  });

  it('may be stopped before it was started', async () => {
    const { worker, startedAtMs } = bench();
    await worker.stop();
    expect([worker.status.state, startedAtMs]).toEqual(['stopped', []]);
  });
});
