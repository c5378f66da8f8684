/** When may a client start? Pure: from what is not ready yet, and what the leader counts, to the verdict. */
import type { RoleName } from './endpoints.ts';

/** How long a start waits for what clients could do without: the last nodes, or room to write. */
const STRAGGLER_WAIT_MS = 10_000;

export interface StartupState {
  roles: readonly RoleName[];
  notReady: readonly { name: string; role: RoleName; reason: string }[];
  /** The metadata server's /metrics; undefined when it has not answered. */
  metrics: string | undefined;
  writeQuorum: number;
  elapsedMs: number;
}

/** @returns undefined when a client may start, else what is waited for. */
export function waitingFor(state: StartupState): string | undefined {
  const missing = state.notReady.map(({ name, reason }) => `${name}: ${reason}`);
  const refusal = missing.length === 0 ? writeRefusal(state) : undefined;
  if (refusal !== undefined) missing.push(refusal);
  if (missing.length === 0 || (state.elapsedMs >= STRAGGLER_WAIT_MS && serves(state))) return undefined;
  return missing.join('; ');
}

function serves({ roles, notReady, writeQuorum }: StartupState): boolean {
  const readyOf = (role: RoleName) =>
    roles.filter((each) => each === role).length - notReady.filter((each) => each.role === role).length;
  return readyOf('metadata-server') >= 1 && readyOf('gateway') >= 1 && readyOf('storage-node') >= writeQuorum;
}

/** Why a write would be refused; undefined when it would not. */
function writeRefusal({ metrics, writeQuorum }: StartupState): string | undefined {
  if (metrics === undefined) return 'the metadata server shows no metrics yet';
  const alive = gauge(metrics, 'cairn_metadata_nodes', 'alive');
  if (alive < writeQuorum) return `${alive} of ${writeQuorum} nodes that a write needs are alive`;
  return gauge(metrics, 'cairn_metadata_volumes', 'open') > 0 ? undefined : 'no volume is open for writing yet';
}

function gauge(metrics: string, name: string, state: string): number {
  return Number(new RegExp(`^${name}\\{state="${state}"\\} (\\d+)$`, 'm').exec(metrics)?.[1] ?? 0);
}
