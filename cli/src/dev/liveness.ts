/** Asks each role's /livez now and then. A role that hangs is named in the journal and on the terminal; ending it is left to a person. */
import { type Clock, Worker } from '@cairn/core';
import { adminPage } from './admin-page.ts';
import type { EventJournal } from './event-journal.ts';
import type { RoleChild } from './role-child.ts';
import type { Terminal } from './terminal.ts';

const INTERVAL_MS = 5000;
const ANSWER_TIMEOUT_MS = 5000;
/** Silent answers in a row before a role is called silent. */
const MISSES_MAX = 2;

export interface LivenessOptions {
  children: readonly Pick<RoleChild, 'plan' | 'hasEnded' | 'listening' | 'pid'>[];
  journal: EventJournal;
  terminal: Terminal;
  clock: Clock;
  answerTimeoutMs?: number;
}

export class Liveness {
  readonly #options: LivenessOptions;
  readonly #misses = new Map<string, number>();

  constructor(options: LivenessOptions) {
    this.#options = options;
  }

  worker(): Worker {
    return new Worker({
      name: 'liveness',
      clock: this.#options.clock,
      intervalMs: INTERVAL_MS,
      pass: () => this.look(),
    });
  }

  /** Asks every role once. @returns How many. */
  async look(): Promise<number> {
    const { children } = this.#options;
    await Promise.all(children.map((child) => this.#lookAt(child)));
    return children.length;
  }

  async #lookAt(child: LivenessOptions['children'][number]): Promise<void> {
    const { journal, terminal, answerTimeoutMs = ANSWER_TIMEOUT_MS } = this.#options;
    const { name } = child.plan;
    if (child.hasEnded || child.listening === undefined) return;
    const answer = await adminPage(child.listening.admin, '/livez', answerTimeoutMs);
    const before = this.#misses.get(name) ?? 0;
    if (answer !== undefined || child.hasEnded) {
      this.#misses.delete(name);
      if (before < MISSES_MAX || answer === undefined) return;
      journal.write('role-answers-again', { role: name });
      terminal.say(`${name} answers again`);
      return;
    }
    this.#misses.set(name, before + 1);
    if (before + 1 !== MISSES_MAX) return;
    journal.write('role-silent', { role: name, pid: child.pid });
    terminal.say(`${name} (process ${child.pid}) runs but does not answer; kill -9 ${child.pid} lets it start afresh`);
  }
}
