/** Open volumes for writers: those that are there, or those that a pass of the allocator can make at once. */
import { sleep, type VolumeLocation } from '@cairn/core';
import { writeShortage } from '../cluster/health.ts';
import { grantableVolumes } from '../cluster/locations.ts';
import type { Leader } from '../leader.ts';

const POLL_MS = 50;
/** Of the RPC deadline: the answer has to arrive within it. */
const WAIT_SHARE = 0.6;

export function currentGrants({ state, config, allocator }: Leader): VolumeLocation[] {
  return grantableVolumes(state, { writeQuorum: config.writeQuorum, volumeBytes: allocator.volumeBytes });
}

/**
 * Waits while a volume could still come to be within the caller's deadline: nodes are registering, or one is being made.
 * @returns [] when there is none.
 */
export async function grantsSoon(leader: Leader, signal: AbortSignal): Promise<VolumeLocation[]> {
  const { allocator, clock, timers, log } = leader;
  const until = clock.monotonic() + timers.rpcDeadlineMs * WAIT_SHARE;
  for (;;) {
    const grants = currentGrants(leader);
    if (grants.length > 0 || signal.aborted || clock.monotonic() >= until) return grants;
    if (shortageOf(leader) !== undefined && !allocator.nodesExpected) return [];
    await allocator.run().catch((error: unknown) => log.warn({ error }, 'no volume could be made for a writer'));
    if (currentGrants(leader).length === 0) await sleep(clock, POLL_MS, signal).catch(() => undefined);
  }
}

/** Why there is nothing to grant, as an error's code. */
export function shortageOf({ state, config }: Leader): ReturnType<typeof writeShortage> {
  return writeShortage(state.nodes.all(), config.writeQuorum);
}
