/**
 * What both ends of an in-memory connection know. It is made by the caller's first call, holds the credentials of that moment, and
 * ends when either end closes or the credentials are refused; the next call makes another.
 */
import type { MethodName } from '../api/methods.ts';
import type { CairnError } from '../errors.ts';

export class MemoryConnection {
  /** The name of the calling process. */
  readonly from: string;
  readonly authorization: string;
  /** Calls of this end that wait for an answer. */
  readonly waiting = new Set<SentCall>();
  #broken = false;

  constructor(from: string, authorization: string) {
    this.from = from;
    this.authorization = authorization;
  }

  get broken(): boolean {
    return this.#broken;
  }

  /** The caller learns that the connection has ended: what was running has an unknown outcome. */
  break(error: CairnError): void {
    this.#broken = true;
    for (const call of [...this.waiting]) call.answer({ error });
  }

  /** The connection is not used for further calls; the running ones go on. */
  retire(): void {
    this.#broken = true;
  }
}

export type Answer = { response: unknown } | { error: CairnError };

/** One call on its way. */
export interface SentCall {
  readonly method: MethodName;
  readonly request: unknown;
  readonly deadlineMs: number;
  readonly connection: MemoryConnection;
  /** Set when the word that the caller gave up arrives, maybe before the call itself. */
  abandoned: boolean;
  /** What the callee does when that word arrives. */
  onAbandon: (() => void) | undefined;
  /** Ends the call at the caller; all answers but the first are ignored. */
  answer(answer: Answer): void;
}
