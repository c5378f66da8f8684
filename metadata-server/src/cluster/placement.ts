/**
 * Placement: which nodes get the replicas of a new volume (docs/placement.md). A pure function; chance comes in as an argument.
 *
 * Never two replicas on one host, only nodes that are alive. Among those, one after the other, the node that is best by, in this
 * order: not in trouble and below 70 % used, fewest replicas chosen in its zone, fewest in its rack, least used, chance.
 */
import { type FailureDomain, LIMITS, type NodeId, type NodeState } from '@cairn/core';

export interface PlacementCandidate {
  id: NodeId;
  domain: FailureDomain;
  state: NodeState;
  capacityBytes: number;
  /** With what its open volumes may still grow by, so that volumes made at once do not all choose the same nodes. */
  committedBytes: number;
  /** A write or a command to it failed a short while ago. */
  troubled: boolean;
}

/** Two replicas must differ in this. */
export function hostOf({ zone, rack, host }: FailureDomain): string {
  return JSON.stringify([zone, rack, host]);
}

function rackOf({ zone, rack }: FailureDomain): string {
  return JSON.stringify([zone, rack]);
}

/** How many distinct hosts these are: what the write quorum is counted in. */
export function distinctHosts(domains: Iterable<FailureDomain>): number {
  return new Set(Array.from(domains, hostOf)).size;
}

/**
 * @param fraction Uniform in [0, 1): breaks ties.
 * @returns Up to `replicas` nodes on distinct hosts, fewer when there are not that many.
 */
export function chooseReplicas(
  candidates: readonly PlacementCandidate[],
  { replicas, fraction }: { replicas: number; fraction: () => number },
): NodeId[] {
  let left = candidates
    .filter(({ state, capacityBytes }) => state === 'alive' && capacityBytes > 0)
    .map((node) => ({ node, used: node.committedBytes / node.capacityBytes, tie: fraction() }));
  const chosen: PlacementCandidate[] = [];
  while (chosen.length < replicas && left.length > 0) {
    const zones = countBy(chosen, ({ domain }) => domain.zone);
    const racks = countBy(chosen, ({ domain }) => rackOf(domain));
    const ranked = left.map((each) => ({
      node: each.node,
      rank: [
        each.node.troubled || each.used >= LIMITS.diskWarnShare ? 1 : 0,
        zones.get(each.node.domain.zone) ?? 0,
        racks.get(rackOf(each.node.domain)) ?? 0,
        each.used,
        each.tie,
      ],
    }));
    const best = ranked.reduce((a, b) => (isBefore(b.rank, a.rank) ? b : a)).node;
    chosen.push(best);
    left = left.filter(({ node }) => hostOf(node.domain) !== hostOf(best.domain));
  }
  return chosen.map(({ id }) => id);
}

function countBy(
  nodes: readonly PlacementCandidate[],
  name: (node: PlacementCandidate) => string,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const node of nodes) counts.set(name(node), (counts.get(name(node)) ?? 0) + 1);
  return counts;
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  for (const [at, value] of a.entries()) {
    const other = b[at] ?? 0;
    if (value !== other) return value < other;
  }
  return false;
}
