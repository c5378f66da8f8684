/**
 * The executor: the one place where metadata changes. Commands are decided one after the other, in the order of their submission,
 * each over the writes of those before it; a batch of them becomes one durable commit (group commit). While it is synced
 * the next batch gathers. Every answer, a refusal too, waits until everything it was decided from is durable.
 *
 *   submit -> queue -> [ load what the batch reads -> decide each -> commit -> apply to memory -> answer ] -> queue ...
 *
 * A commit that fails has an unknown outcome, so the executor ends: it answers nothing of that batch as done, takes nothing
 * more, and `failed` says why. The next leader reads what is durable, and clients retry with their commit ids.
 */
import { CairnError, failpoint, InvariantViolation, invariant, LIMITS, type Log, toCairnError } from '@cairn/core';
import { BatchView, NOT_LOADED } from './batch-view.ts';
import type { Command, Decision } from './command.ts';
import type { ResidentRows } from './resident-rows.ts';
import type { MetadataStore, StoreWrite } from './store/metadata-store.ts';

/** A batch ends with the command that takes its writes past this; a single command may write more. */
const COMMIT_BYTES_TARGET = 4 * 1024 * 1024;

export interface ExecutorOptions {
  store: MetadataStore;
  epoch: number;
  resident: ResidentRows;
  log: Log;
}

interface Pending {
  command: Command<unknown>;
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
  outcome: { result: unknown } | { refusal: CairnError } | undefined;
}

export interface ExecutorCounts {
  commits: number;
  commands: number;
  /** Runs that had to be repeated because a value was not loaded. */
  reruns: number;
}

export class Executor {
  readonly failed: Promise<Error>;
  readonly counts: ExecutorCounts = { commits: 0, commands: 0, reruns: 0 };
  readonly #options: ExecutorOptions;
  #queue: Pending[] = [];
  #running: Promise<void> | undefined;
  #ended: CairnError | undefined;
  #fail: (error: Error) => void = () => undefined;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  get queued(): number {
    return this.#queue.length;
  }

  /**
   * Resolves with the command's result once it is durable.
   * Errors: what the command refuses with, OVERLOADED, LEADER_UNKNOWN (this server no longer leads), UNAVAILABLE (outcome unknown).
   */
  submit<Result>(command: Command<Result>): Promise<Result> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    if (this.#queue.length >= LIMITS.commandsQueuedMax) {
      return Promise.reject(new CairnError('OVERLOADED', 'too many metadata commands are waiting'));
    }
    return new Promise<Result>((resolve, reject) => {
      this.#queue.push({ command, resolve: resolve as (result: unknown) => void, reject, outcome: undefined });
      // In a microtask: all commands that arrived in one packet become one batch.
      this.#running ??= Promise.resolve().then(() => this.#run());
    });
  }

  /** Takes nothing more and waits until what was taken is answered. */
  async close(): Promise<void> {
    this.#ended ??= new CairnError('LEADER_UNKNOWN', 'this metadata server is stopping');
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, LIMITS.commandsPerCommitMax);
      try {
        await this.#execute(batch);
      } catch (error) {
        this.#end(error, batch);
        break;
      }
    }
    this.#running = undefined;
  }

  async #execute(batch: Pending[]): Promise<void> {
    const { store, epoch, resident } = this.#options;
    const view = new BatchView(resident);
    for (const { command } of batch) if (command.reads !== undefined) view.want(command.reads);
    await view.load(store);
    const decided = await this.#decideAll(batch, view);
    this.#queue.unshift(...batch.splice(decided));
    const writes = view.writes;
    const client = batch.some(({ command }) => command.journey !== undefined);
    if (writes.length > 0) {
      if (client) failpoint('commit.beforeTxn');
      await store.commit(writes, epoch);
      if (client) this.#passAfterTxn(batch);
      this.#apply(writes);
    }
    this.counts.commands += batch.length;
    if (client) failpoint('commit.beforeReply');
    for (const pending of batch) answer(pending);
  }

  #passAfterTxn(batch: readonly Pending[]): void {
    failpoint('commit.afterTxn');
    if (batch.some(({ command }) => command.journey === 'delete')) failpoint('delete.afterTxn');
  }

  #apply(writes: readonly StoreWrite[]): void {
    this.counts.commits += 1;
    this.#options.resident.apply(writes);
  }

  /**
   * Decides in order. When a command misses a value, those behind it are run as well, only to learn what they miss, so that one
   * load serves all; then the deciding goes on from the one that missed first.
   * @returns How many were decided: fewer than all when their writes fill a commit.
   */
  async #decideAll(batch: readonly Pending[], view: BatchView): Promise<number> {
    let decided = 0;
    while (decided < batch.length && view.bytes < COMMIT_BYTES_TARGET) {
      let missed = false;
      for (const pending of batch.slice(decided)) {
        const decision = this.#decide(pending, view);
        if (decision === undefined) {
          missed = true;
          this.counts.reruns += 1;
        } else if (!missed && view.bytes < COMMIT_BYTES_TARGET) {
          view.add(decision.writes);
          pending.outcome = decision;
          decided += 1;
        }
      }
      if (missed) await view.load(this.#options.store);
    }
    return decided;
  }

  /** @returns undefined when a value has to be loaded first. */
  #decide({ command }: Pending, view: BatchView): Decision<unknown> | undefined {
    try {
      return command.decide(view);
    } catch (error) {
      if (error === NOT_LOADED) return undefined;
      if (error instanceof InvariantViolation) throw error;
      const refusal = toCairnError(error);
      if (refusal.code === 'INTERNAL') this.#options.log.error({ command: command.name, error }, 'a command failed');
      return { writes: [], refusal };
    }
  }

  #end(error: unknown, batch: readonly Pending[]): void {
    this.#ended = new CairnError('LEADER_UNKNOWN', 'this metadata server no longer leads', { cause: error });
    for (const { reject } of batch) {
      reject(new CairnError('UNAVAILABLE', 'the outcome of the commit is unknown', { cause: error }));
    }
    for (const { reject } of this.#queue) reject(this.#ended);
    this.#queue = [];
    this.#fail(error instanceof Error ? error : new Error(String(error)));
  }
}

function answer({ outcome, resolve, reject }: Pending): void {
  invariant(outcome !== undefined, 'a batch is answered when each of its commands is decided');
  if ('refusal' in outcome) reject(outcome.refusal);
  else resolve(outcome.result);
}
