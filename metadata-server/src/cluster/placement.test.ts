import type { NodeId } from '@cairn/core';
import { SeededRandom } from '@cairn/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseReplicas, distinctHosts, hostOf, type PlacementCandidate } from './placement.ts';

const candidate = fc.record({
  zone: fc.constantFrom('z1', 'z2', 'z3'),
  rack: fc.constantFrom('r1', 'r2'),
  host: fc.constantFrom('h1', 'h2', 'h3', 'h4'),
  state: fc.constantFrom('alive', 'alive', 'alive', 'readonly', 'suspect', 'down', 'joining'),
  committedBytes: fc.integer({ min: 0, max: 100 }),
  troubled: fc.boolean(),
});

const cluster = fc.array(candidate, { maxLength: 14 }).map((nodes) =>
  nodes.map(
    ({ zone, rack, host, state, committedBytes, troubled }, at): PlacementCandidate => ({
      id: `n${at}` as NodeId,
      domain: { zone, rack, host },
      state: state as PlacementCandidate['state'],
      capacityBytes: 100,
      committedBytes,
      troubled,
    }),
  ),
);

const replicaCount = fc.integer({ min: 1, max: 4 });

function choose(nodes: readonly PlacementCandidate[], replicas: number, seed = 1): PlacementCandidate[] {
  const random = new SeededRandom(seed);
  const ids = chooseReplicas(nodes, { replicas, fraction: () => random.fraction() });
  return ids.flatMap((id) => nodes.find((node) => node.id === id) ?? []);
}

const isPreferred = ({ troubled, committedBytes }: PlacementCandidate) => !troubled && committedBytes < 70;

describe('chooseReplicas', () => {
  it('chooses nodes that are alive, each on a host of its own, and as many as there can be', () => {
    fc.assert(
      fc.property(cluster, replicaCount, (nodes, replicas) => {
        const chosen = choose(nodes, replicas);
        const alive = nodes.filter(({ state }) => state === 'alive');
        expect(chosen.every(({ state }) => state === 'alive')).toBe(true);
        expect(new Set(chosen.map(({ domain }) => hostOf(domain))).size).toBe(chosen.length);
        expect(chosen.length).toBe(Math.min(replicas, distinctHosts(alive.map(({ domain }) => domain))));
      }),
    );
  });

  it('takes nodes in trouble or above 70 % only when the others are not enough', () => {
    fc.assert(
      fc.property(cluster, replicaCount, (nodes, replicas) => {
        const preferred = nodes.filter((node) => node.state === 'alive' && isPreferred(node));
        const hosts = distinctHosts(preferred.map(({ domain }) => domain));
        const chosen = choose(nodes, replicas).filter(isPreferred);
        expect(chosen.length).toBe(Math.min(replicas, hosts));
      }),
    );
  });

  it('spreads over as many zones as it can, and within zones over racks', () => {
    fc.assert(
      fc.property(cluster, replicaCount, (nodes, replicas) => {
        const calm = nodes.map((node) => ({ ...node, troubled: false, committedBytes: 0 }));
        const zones = new Set(calm.filter(({ state }) => state === 'alive').map(({ domain }) => domain.zone));
        const chosen = choose(calm, replicas);
        expect(new Set(chosen.map(({ domain }) => domain.zone)).size).toBe(Math.min(replicas, zones.size));
      }),
    );
  });

  it('takes the least used of equals', () => {
    const nodes = [60, 10, 40].map((committedBytes, at) => ({
      ...{ id: `n${at}` as NodeId, domain: { zone: 'z', rack: 'r', host: `h${at}` } },
      ...{ state: 'alive' as const, capacityBytes: 100, committedBytes, troubled: false },
    }));
    expect(choose(nodes, 2).map(({ id }) => id)).toEqual(['n1', 'n2']);
  });

  it('depends on nothing but its arguments', () => {
    fc.assert(
      fc.property(cluster, replicaCount, fc.integer(), (nodes, replicas, seed) => {
        expect(choose(nodes, replicas, seed)).toEqual(choose(nodes, replicas, seed));
      }),
    );
  });
});
