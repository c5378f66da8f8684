/**
 * Which open volumes are sealed and which new ones are made: a pure function from what the leader knows to a plan.
 *
 *   an open volume ...                                       | is
 *   ---------------------------------------------------------+-------------------------------------------------------
 *   has a replica on a node that takes no writes             | sealed: writing goes on elsewhere ("seal and move on")
 *   has a replica that failed, was sealed or is missing      | sealed
 *   has reached its size                                     | sealed
 *   has fewer replicas than a new one would have             | sealed, once enough full ones are open
 *   waits for a node that has not registered yet             | kept
 *
 * Never fewer than W hosts in a new volume. While nodes may still be on their way, none with fewer than R either.
 */
import type { NodeId, NodeState, ReplicaState, VolumeId } from '@cairn/core';
import { chooseReplicas, distinctHosts, type PlacementCandidate } from './placement.ts';

/** `unknown`: this leader has not heard of the node yet. `missing`: the node is there and does not have the replica. */
export type ReplicaStanding = ReplicaState | 'unknown' | 'missing';

export interface OpenReplica {
  nodeId: NodeId;
  nodeState: NodeState;
  standing: ReplicaStanding;
  logBytes: number;
}

export interface OpenVolume {
  id: VolumeId;
  replicas: OpenReplica[];
}

export interface AllocationInput {
  open: readonly OpenVolume[];
  candidates: readonly PlacementCandidate[];
  replicas: number;
  writeQuorum: number;
  /** A volume whose log has reached this is full. */
  volumeBytes: number;
  /** Nodes may still be on their way: volumes with fewer than R replicas can wait for them. */
  nodesExpected: boolean;
  /** Uniform in [0, 1). */
  fraction: () => number;
}

export interface PlannedVolume {
  nodeIds: NodeId[];
  /** With fewer replicas made than this it is not worth having. */
  replicasMin: number;
}

export interface AllocationPlan {
  seal: { id: VolumeId; reason: string }[];
  create: PlannedVolume[];
}

export function planAllocation(input: AllocationInput): AllocationPlan {
  const seal: AllocationPlan['seal'] = [];
  const fit: OpenVolume[] = [];
  for (const volume of input.open) {
    const reason = unfitReason(volume, input.volumeBytes);
    if (reason === undefined) fit.push(volume);
    else seal.push({ id: volume.id, reason });
  }
  const pool = trusted(input.candidates, input.writeQuorum);
  const possible = chooseReplicas(pool, input).length;
  const full = fit.filter(({ replicas }) => replicas.length >= possible);
  const missing = targetOf(input) - full.length;
  const waits = possible < input.replicas && input.nodesExpected;
  // Where enough volumes are open already, better ones come one at a time, and only if they are better indeed.
  const replacing = fit.length >= targetOf(input);
  const count = replacing ? Math.min(missing, 1) : missing;
  const create = possible >= input.writeQuorum && !waits && missing > 0 ? choose(pool, count, input) : [];
  const replicasMin = replacing ? possible : input.writeQuorum;
  if (missing <= 0) {
    for (const { id, replicas } of fit) {
      if (replicas.length < possible) seal.push({ id, reason: `${possible} replicas are possible again` });
    }
  }
  return { seal, create: create.map((nodeIds) => ({ nodeIds, replicasMin })) };
}

/** Why an open volume must not be written to any more, or undefined. */
export function unfitReason({ replicas }: OpenVolume, volumeBytes: number): string | undefined {
  for (const { nodeId, nodeState, standing, logBytes } of replicas) {
    if (nodeState !== 'alive' && nodeState !== 'joining') return `node ${nodeId} is ${nodeState}`;
    if (standing !== 'open' && standing !== 'unknown') return `the replica on node ${nodeId} is ${standing}`;
    if (logBytes >= volumeBytes) return 'it has reached its size';
  }
  return undefined;
}

/** At least two, so that a writer whose volume fails has another at once; more on a larger cluster, to use its disks. */
export function targetOf({ candidates, replicas }: Pick<AllocationInput, 'candidates' | 'replicas'>): number {
  const alive = candidates.filter(({ state }) => state === 'alive').length;
  return Math.max(2, 2 * Math.ceil(alive / replicas));
}

/** Nodes in trouble are left out while the others can make a quorum. */
function trusted(candidates: readonly PlacementCandidate[], writeQuorum: number): readonly PlacementCandidate[] {
  const calm = candidates.filter(({ state, troubled }) => state === 'alive' && !troubled);
  return distinctHosts(calm.map(({ domain }) => domain)) >= writeQuorum ? calm : candidates;
}

function choose(pool: readonly PlacementCandidate[], count: number, input: AllocationInput): NodeId[][] {
  let candidates = pool;
  return Array.from({ length: count }, () => {
    const chosen = chooseReplicas(candidates, input);
    candidates = candidates.map((node) =>
      chosen.includes(node.id) ? { ...node, committedBytes: node.committedBytes + input.volumeBytes } : node,
    );
    return chosen;
  });
}
