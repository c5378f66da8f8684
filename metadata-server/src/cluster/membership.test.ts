import { type NodeState, TIMER_PROFILES } from '@cairn/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countsAsCopy, isSlowFsync, isUp, type NodeObservation, nodeState } from './membership.ts';

const timers = TIMER_PROFILES.production;
const well: NodeObservation = {
  registered: true,
  silentForMs: 0,
  readOnly: false,
  usedBytes: 10,
  capacityBytes: 100,
  slowForMs: 0,
};

describe('nodeState', () => {
  it.each<[Partial<NodeObservation>, NodeState]>([
    [{}, 'alive'],
    [{ silentForMs: 9_999 }, 'alive'],
    [{ silentForMs: 10_000 }, 'suspect'],
    [{ silentForMs: 30_000 }, 'down'],
    [{ registered: false }, 'joining'],
    [{ registered: false, silentForMs: 29_999 }, 'joining'],
    [{ registered: false, silentForMs: 30_000 }, 'down'],
    [{ readOnly: true }, 'readonly'],
    [{ usedBytes: 95 }, 'readonly'],
    [{ usedBytes: 94 }, 'alive'],
    [{ slowForMs: 29_999 }, 'alive'],
    [{ slowForMs: 30_000 }, 'slow'],
    [{ slowForMs: 30_000, readOnly: true }, 'readonly'],
    [{ readOnly: true, silentForMs: 10_000 }, 'suspect'],
  ])('of %j is %s', (observation, state) => {
    expect(nodeState({ ...well, ...observation }, timers)).toBe(state);
  });

  it('only gets worse with silence', () => {
    const order: NodeState[] = ['alive', 'suspect', 'down'];
    fc.assert(
      fc.property(fc.nat({ max: 60_000 }), fc.nat({ max: 60_000 }), (a, b) => {
        const [less, more] = a < b ? [a, b] : [b, a];
        const rank = (silentForMs: number) => order.indexOf(nodeState({ ...well, silentForMs }, timers));
        expect(rank(less)).toBeLessThanOrEqual(rank(more));
      }),
    );
  });

  it('says of a node that takes no new chunks whether it still counts', () => {
    expect(isUp('suspect')).toBe(false);
    expect(isUp('readonly')).toBe(true);
    expect(countsAsCopy('down', false)).toBe(true);
    expect(countsAsCopy('down', true)).toBe(false);
    expect(countsAsCopy('dead', false)).toBe(false);
    expect(countsAsCopy('suspect', true)).toBe(true);
  });
});

describe('isSlowFsync', () => {
  it('judges by a fixed line and by the median of the cluster', () => {
    expect(isSlowFsync(1001, 500)).toBe(true);
    expect(isSlowFsync(200, 10)).toBe(true);
    expect(isSlowFsync(200, 30)).toBe(false);
    expect(isSlowFsync(50, 0.1)).toBe(false);
  });
});
