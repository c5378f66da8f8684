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
  children: readonly RoleChild[];
  journal: EventJournal;
  terminal: Terminal;
  clock: Clock;
}

export function livenessWorker({ children, journal, terminal, clock }: LivenessOptions): Worker {
  const misses = new Map<string, number>();
  const look = async (child: RoleChild): Promise<void> => {
    const { name } = child.plan;
    const before = misses.get(name) ?? 0;
    if (child.hasEnded || child.listening === undefined) return;
    if ((await adminPage(child.listening.admin, '/livez', ANSWER_TIMEOUT_MS)) !== undefined) {
      misses.delete(name);
      if (before < MISSES_MAX) return;
      journal.write('role-answers-again', { role: name });
      terminal.say(`${name} answers again`);
      return;
    }
    if (child.hasEnded) return;
    misses.set(name, before + 1);
    if (before + 1 !== MISSES_MAX) return;
    journal.write('role-silent', { role: name, pid: child.pid });
    terminal.say(`${name} (process ${child.pid}) runs but does not answer; kill -9 ${child.pid} lets it start afresh`);
  };
  return new Worker({
    name: 'liveness',
    clock,
    intervalMs: INTERVAL_MS,
    pass: async () => {
      await Promise.all(children.map(look));
      return children.length;
    },
  });
}
