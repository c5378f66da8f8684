/** DIR/events.jsonl: what the supervisor did by itself, one JSON object a line, bounded, and counted by kind. */
import type { Clock } from '@cairn/core';
import { RotatingFile } from './rotating-file.ts';

const EVENTS_BYTES_MAX = 4 * 1024 * 1024;

export type SupervisorEvent =
  | 'cluster-starting'
  | 'cluster-ready'
  | 'cluster-stopping'
  | 'cluster-stopped'
  | 'role-started'
  | 'role-died'
  | 'role-restarting'
  | 'role-silent'
  | 'role-answers-again'
  | 'role-killed';

export interface EventJournalOptions {
  path: string;
  clock: Clock;
  bytesMax?: number;
}

export class EventJournal {
  readonly #file: RotatingFile;
  readonly #clock: Clock;
  readonly #counts = new Map<SupervisorEvent, number>();

  constructor(options: EventJournalOptions) {
    this.#file = new RotatingFile({ path: options.path, bytesMax: options.bytesMax ?? EVENTS_BYTES_MAX });
    this.#clock = options.clock;
  }

  write(event: SupervisorEvent, fields: object = {}): void {
    this.#counts.set(event, this.count(event) + 1);
    this.#file.append(`${JSON.stringify({ time: new Date(this.#clock.now()).toISOString(), event, ...fields })}\n`);
  }

  /** Since this supervisor started. */
  count(event: SupervisorEvent): number {
    return this.#counts.get(event) ?? 0;
  }

  close(): void {
    this.#file.close();
  }
}
