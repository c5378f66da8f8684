import type { NodeId, NodeState } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { isSafeMode, judgeHealth, writeShortage } from './health.ts';

const nodes = (...states: NodeState[]) =>
  states.map((state, at) => ({
    ...{ id: `n${at}` as NodeId, state, domain: { zone: 'z', rack: 'r', host: `h${at}` } },
  }));

const survey = { total: 2, open: 2, sealed: 0, underReplicated: 0, lost: 0, damagedChunks: 0 };
const judge = (states: NodeState[], found: Partial<typeof survey> = {}) =>
  judgeHealth({ nodes: nodes(...states), survey: { ...survey, ...found }, writeQuorum: 2 });

describe('judgeHealth', () => {
  it('is ok when every node is alive and nothing is missing', () => {
    expect(judge(['alive', 'alive', 'alive'])).toEqual({ health: 'ok', reasons: [] });
  });

  it('is degraded when something is missing that can be made good', () => {
    expect(judge(['alive', 'alive', 'down'])).toEqual({ health: 'degraded', reasons: ['node n2 is down'] });
    expect(judge(['alive', 'alive', 'alive'], { underReplicated: 2 }).reasons).toEqual([
      '2 volumes without all copies',
    ]);
    expect(judge(['alive', 'alive', 'alive'], { damagedChunks: 1 }).health).toBe('degraded');
  });

  it('is critical when writes are refused or chunks cannot be read', () => {
    expect(judge(['alive', 'down', 'down'])).toMatchObject({
      health: 'critical',
      reasons: ['fewer than 2 failure domains take writes', 'node n1 is down', 'node n2 is down'],
    });
    expect(judge(['alive', 'readonly', 'readonly']).reasons[0]).toBe('the storage nodes have no room for new chunks');
    expect(judge(['alive', 'alive', 'alive'], { lost: 1 }).health).toBe('critical');
    expect(judge([]).health).toBe('critical');
  });
});

describe('writeShortage', () => {
  it('tells full nodes from absent ones', () => {
    expect(writeShortage(nodes('alive', 'alive'), 2)).toBeUndefined();
    expect(writeShortage(nodes('alive', 'readonly'), 2)).toBe('STORAGE_FULL');
    expect(writeShortage(nodes('alive', 'suspect'), 2)).toBe('WRITE_QUORUM_UNAVAILABLE');
  });
});

describe('isSafeMode', () => {
  it('holds while fewer than three quarters of the nodes are up', () => {
    expect(isSafeMode([])).toBe(true);
    expect(isSafeMode(nodes('joining', 'joining', 'joining'))).toBe(true);
    expect(isSafeMode(nodes('alive', 'alive', 'down'))).toBe(true);
    expect(isSafeMode(nodes('alive', 'alive', 'alive', 'down'))).toBe(false);
  });
});
