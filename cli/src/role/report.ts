/** What a role's process tells the supervisor over the channel between them. Without a supervisor nobody listens and nothing is lost. */

export type RoleReport =
  | { kind: 'listening'; address: string; admin: string }
  | { kind: 'ready' }
  | { kind: 'not-ready'; reason: string }
  | { kind: 'failed'; code: string; message: string };

/** Set by the supervisor in a role's environment: the terminal's signals go to the supervisor, which stops roles in order. */
export const SUPERVISED = 'CAIRN_SUPERVISED';

export function report(message: RoleReport): void {
  if (process.connected !== true) return;
  try {
    process.send?.(message, undefined, {}, () => undefined);
  } catch {
    // The channel closed in between; its end is handled where 'disconnect' is.
  }
}
