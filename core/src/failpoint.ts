/**
 * Failpoints: places where a test may kill the process. Compiled in, off unless `CRASH_AT=name[:n]` is set, and then the n-th
 * pass of that name ends the process with SIGKILL, so that nothing of it gets a chance to clean up. The crash tests go
 * through this list, so a name that is no longer reached fails the test run.
 */
export const FAILPOINTS = [
  'volume.create.beforeDirSync',
  'append.mid',
  'append.beforeSync',
  'append.afterSync',
  'index.afterBatch',
  'register.afterCommit',
  'session.afterOpen',
  'commit.beforeTxn',
  'commit.afterTxn',
  'commit.beforeReply',
  'delete.afterTxn',
  'put.afterFirstAck',
  'put.afterW',
  'put.beforeCommit',
  'get.midBlock',
] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

let armed: { name: Failpoint; passesLeft: number; crash: () => void } | undefined;

/**
 * Called once, by `main`, with the value of CRASH_AT.
 * @returns false when the text names no failpoint.
 */
export function armFailpoint(text: string, crash: () => void): boolean {
  const [, name, nth = '1'] = /^([^:]+)(?::([1-9]\d*))?$/.exec(text) ?? [];
  const known = FAILPOINTS.find((failpoint) => failpoint === name);
  if (known === undefined) return false;
  armed = { name: known, passesLeft: Number(nth), crash };
  return true;
}

export function failpoint(name: Failpoint): void {
  if (armed === undefined || armed.name !== name) return;
  armed.passesLeft -= 1;
  if (armed.passesLeft === 0) armed.crash();
}

/** Whether this failpoint is armed: lets a caller split one write in two only when a test asks for the middle. */
export function failpointArmed(name: Failpoint): boolean {
  return armed?.name === name;
}
