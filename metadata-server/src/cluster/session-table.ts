/**
 * The open sessions in leader memory: a mirror of the session rows, with what each session said last. When it was renewed is not
 * persisted: after a change of leader every session gets a whole lease again. Time only says when to try to close; the
 * commit that removes the row closes.
 */
import { CairnError, type SessionId } from '@cairn/core';
import { sessionOfKey } from '../keys.ts';
import { rows } from '../rows.ts';
import type { StoreKey } from '../store/metadata-store.ts';
import type { AwakeClock } from './awake-clock.ts';

interface OpenSession {
  renewedAt: number;
  /** The session needs no results of commits up to this counter, and sends none of them again. */
  settledCounter: number;
}

export class SessionTable {
  readonly #clock: AwakeClock;
  readonly #sessions = new Map<SessionId, OpenSession>();

  constructor(clock: AwakeClock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** @throws SESSION_NOT_FOUND */
  renew(id: SessionId): void {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new CairnError('SESSION_NOT_FOUND');
    session.renewedAt = this.#clock.ms;
  }

  settle(id: SessionId, counter: number): void {
    const session = this.#sessions.get(id);
    if (session !== undefined) session.settledCounter = Math.max(session.settledCounter, counter);
  }

  /** undefined when the session is not open. */
  settledCounter(id: SessionId): number | undefined {
    return this.#sessions.get(id)?.settledCounter;
  }

  /** Not renewed for `ttlMs`. */
  expired(ttlMs: number): SessionId[] {
    const now = this.#clock.ms;
    return [...this.#sessions].filter(([, { renewedAt }]) => now - renewedAt > ttlMs).map(([id]) => id);
  }

  apply(key: StoreKey, value: Uint8Array | undefined): void {
    const id = sessionOfKey(key);
    if (value === undefined) {
      this.#sessions.delete(id);
      return;
    }
    const { settledCounter } = rows.session.decode(value);
    if (this.#sessions.has(id)) this.settle(id, settledCounter);
    else this.#sessions.set(id, { renewedAt: this.#clock.ms, settledCounter });
  }
}
