/**
 * When to try again. Retries must not make an overload worse, so they are paid for from a budget that requests fill: a share of
 * the requests may be retried, and a few per second in any case, so that an idle client is not stuck.
 */

export interface TokenBudgetOptions {
  /** Tokens that each request earns: 0.1 lets one request in ten be retried. */
  share: number;
  /** Tokens that time earns. */
  perSecond: number;
  /** Tokens at the start, and the most that are kept. */
  burst: number;
}

/** A token bucket. Pure but for its own count: time comes in as an argument. */
export class TokenBudget {
  readonly #options: TokenBudgetOptions;
  #tokens: number;
  #filledAtMs: number | undefined;

  constructor(options: TokenBudgetOptions) {
    this.#options = options;
    this.#tokens = options.burst;
  }

  /** To be called once for each request. */
  earn(): void {
    if (this.#tokens < this.#options.burst) this.#tokens += this.#options.share;
  }

  /** Takes one token. @returns false when there is none: then do without. */
  spend(nowMs: number): boolean {
    const { perSecond, burst } = this.#options;
    const passedMs = this.#filledAtMs === undefined ? 0 : Math.max(0, nowMs - this.#filledAtMs);
    this.#filledAtMs = nowMs;
    this.#tokens = Math.min(burst, this.#tokens + (passedMs / 1000) * perSecond);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

const BACKOFF_FIRST_MS = 20;
const BACKOFF_MAX_MS = 1000;

/**
 * The pause before try `attempt` (1 is the first repetition): doubled each time, then spread over its upper half, so that those who
 * failed together do not come back together.
 * @param fraction Chance in [0, 1).
 */
export function backoffMs(attempt: number, fraction: number): number {
  const fullMs = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt - 1, 16));
  return fullMs * (0.5 + fraction / 2);
}
