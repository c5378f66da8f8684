/**
 * The open sessions in leader memory: a mirror of the session rows, with the time of each one's last renewal. That time is not
 * persisted: after a change of leader every session gets a whole lease again. Time only says when to try to close; the
 * commit that removes the row closes.
 */
import { CairnError, type SessionId } from '@cairn/core';
import { sessionOfKey } from '../keys.ts';
import type { StoreKey } from '../store/metadata-store.ts';
import type { AwakeClock } from './awake-clock.ts';

export class SessionTable {
  readonly #clock: AwakeClock;
  readonly #renewedAt = new Map<SessionId, number>();

  constructor(clock: AwakeClock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#renewedAt.size;
  }

  has(id: SessionId): boolean {
    return this.#renewedAt.has(id);
  }

  /** @throws SESSION_NOT_FOUND */
  renew(id: SessionId): void {
    if (!this.#renewedAt.has(id)) throw new CairnError('SESSION_NOT_FOUND');
    this.#renewedAt.set(id, this.#clock.ms);
  }

  /** Not renewed for `ttlMs`. */
  expired(ttlMs: number): SessionId[] {
    const now = this.#clock.ms;
    return [...this.#renewedAt].filter(([, at]) => now - at > ttlMs).map(([id]) => id);
  }

  apply(key: StoreKey, value: Uint8Array | undefined): void {
    const id = sessionOfKey(key);
    if (value === undefined) this.#renewedAt.delete(id);
    else if (!this.#renewedAt.has(id)) this.#renewedAt.set(id, this.#clock.ms);
  }
}
