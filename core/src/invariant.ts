/**
 * Invariants are checked in production. A violated one means that memory no longer tells the truth, so the process ends
 * instead of writing what follows from it; the supervisor starts a fresh one from what is durable.
 */
export class InvariantViolation extends Error {
  override name = 'InvariantViolation';
}

/** @throws InvariantViolation, which `main` never catches: an uncaught one ends the process. */
export function invariant(condition: unknown, claim: string): asserts condition {
  if (!condition) throw new InvariantViolation(`invariant violated: ${claim}`);
}

/** For the default branch of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new InvariantViolation(`invariant violated: unexpected ${JSON.stringify(value)}`);
}
