/** How long a role that died waits before it is started again. Pure. */

const FIRST_MS = 100;
const MAX_MS = 10_000;
/** A role that stayed up this long starts over with the shortest wait. */
const STEADY_AFTER_MS = 30_000;

export class Backoff {
  #failures = 0;

  /** @param uptimeMs How long the role ran before it died. */
  next(uptimeMs: number): number {
    if (uptimeMs >= STEADY_AFTER_MS) this.#failures = 0;
    const wait = Math.min(MAX_MS, FIRST_MS * 2 ** this.#failures);
    this.#failures += 1;
    return wait;
  }
}
