/**
 * Remembers for a short while which credentials were found good, so that a connection that brings the same ones with each request costs
 * one HMAC in ten seconds. Bounded, and it never remembers a refusal.
 */
import { type ListenOptions, type Principal, realClock } from '@cairn/core';

const KEEP_MS = 10_000;
const ENTRIES_MAX = 1024;

export class ProofCache {
  readonly #authenticate: ListenOptions['authenticate'];
  readonly #known = new Map<string, { principal: Principal; untilMs: number }>();

  constructor(authenticate: ListenOptions['authenticate']) {
    this.#authenticate = authenticate;
  }

  /** @throws What `authenticate` throws. */
  async principalOf(authorization: string | undefined): Promise<Principal> {
    const known = authorization === undefined ? undefined : this.#known.get(authorization);
    if (known !== undefined && known.untilMs > realClock.monotonic()) return known.principal;
    const principal = await this.#authenticate(authorization);
    if (authorization !== undefined) {
      if (this.#known.size >= ENTRIES_MAX) this.#known.clear();
      this.#known.set(authorization, { principal, untilMs: realClock.monotonic() + KEEP_MS });
    }
    return principal;
  }
}
