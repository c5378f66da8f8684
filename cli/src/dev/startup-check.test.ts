/** When a client may start. */
import { describe, expect, it } from 'vitest';
import type { RoleName } from './endpoints.ts';
import { waitingFor } from './startup-check.ts';

const ROLES: RoleName[] = ['metadata-server', 'storage-node', 'storage-node', 'storage-node', 'gateway'];
const METRICS =
  'cairn_metadata_nodes{state="alive"} 3\ncairn_metadata_nodes{state="down"} 0\ncairn_metadata_volumes{state="open"} 2\n';
const LATE_NODE = { name: 'storage-node-3', role: 'storage-node' as const, reason: 'starting' };

function check(state: Partial<Parameters<typeof waitingFor>[0]>): string | undefined {
  return waitingFor({ roles: ROLES, notReady: [], metrics: METRICS, writeQuorum: 2, elapsedMs: 0, ...state });
}

describe('waitingFor', () => {
  it('waits for nothing when all roles are ready and a volume is open', () => {
    expect(check({})).toBeUndefined();
  });

  it('names the role that is not ready', () => {
    expect(check({ notReady: [LATE_NODE] })).toBe('storage-node-3: starting');
  });

  it('waits for an open volume and for the nodes that a write needs', () => {
    expect(check({ metrics: undefined })).toMatch(/metrics/);
    expect(check({ metrics: METRICS.replace('"open"} 2', '"open"} 0') })).toMatch(/no volume/);
    expect(check({ metrics: METRICS.replace('"alive"} 3', '"alive"} 1') })).toMatch(/1 of 2 nodes/);
  });

  it('goes on after a while without a node that it can do without', () => {
    expect(check({ notReady: [LATE_NODE], elapsedMs: 10_000 })).toBeUndefined();
    expect(check({ metrics: undefined, elapsedMs: 10_000 })).toBeUndefined();
  });

  it('never goes on without metadata, a gateway or a write quorum of nodes', () => {
    const late = (name: string, role: RoleName) => ({ name, role, reason: 'starting' });
    for (const notReady of [
      [late('metadata-server-1', 'metadata-server')],
      [late('gateway-1', 'gateway')],
      [LATE_NODE, late('storage-node-2', 'storage-node')],
    ]) {
      expect(check({ notReady, elapsedMs: 3_600_000 })).toBeDefined();
    }
  });
});
