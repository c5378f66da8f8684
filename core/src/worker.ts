/**
 * A background worker: one duty, run again and again with a pause, with its state in the open. An error ends the pass, is kept as
 * `lastError`, and the next pass starts as if the last had never been; an invariant violation ends the process.
 */
import { InvariantViolation, invariant } from './invariant.ts';
import type { Clock } from './ports/clock.ts';
import { sleep } from './ports/clock.ts';

export interface WorkerOptions {
  name: string;
  clock: Clock;
  /** Pause between passes. */
  intervalMs: number;
  /** One pass. @returns How many things it did. */
  pass: (signal: AbortSignal) => Promise<number>;
  /** Things waiting for a pass, for the status. */
  queued?: () => number;
  onError?: (error: unknown) => void;
}

export interface WorkerStatus {
  name: string;
  state: 'idle' | 'running' | 'stopped';
  queued: number;
  doneTotal: number;
  lastError: string;
}

export class Worker {
  readonly #options: WorkerOptions;
  readonly #stopping = new AbortController();
  #state: WorkerStatus['state'] = 'stopped';
  #doneTotal = 0;
  #lastError = '';
  #loop: Promise<void> | undefined;
  #wake: AbortController = new AbortController();

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** Once: a stopped worker stays stopped. */
  start(): void {
    invariant(this.#loop === undefined, 'a worker is started once');
    this.#state = 'idle';
    this.#loop = this.#run();
  }

  /** Starts the next pass now instead of after the pause. */
  wake(): void {
    this.#wake.abort();
  }

  /** Aborts the running pass and waits for its end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    await this.#loop;
  }

  get status(): WorkerStatus {
    return {
      name: this.#options.name,
      state: this.#state,
      queued: this.#options.queued?.() ?? 0,
      doneTotal: this.#doneTotal,
      lastError: this.#lastError,
    };
  }

  async #run(): Promise<void> {
    const { clock, intervalMs, pass, onError } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      this.#state = 'running';
      try {
        this.#doneTotal += await pass(signal);
        this.#lastError = '';
      } catch (error) {
        if (error instanceof InvariantViolation) throw error;
        if (!signal.aborted) {
          this.#lastError = error instanceof Error ? error.message : String(error);
          onError?.(error);
        }
      }
      this.#state = 'idle';
      if (signal.aborted) break;
      await sleep(clock, intervalMs, this.#wake.signal).catch(() => undefined);
    }
    this.#state = 'stopped';
  }
}
