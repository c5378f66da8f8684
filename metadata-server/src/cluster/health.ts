/** The health of the cluster in one word, with reasons: a pure function. */
import type { FailureDomain, GetStatusResponse, NodeId, NodeState } from '@cairn/core';
import { isUp } from './membership.ts';
import { distinctHosts } from './placement.ts';
import type { VolumeSurvey } from './survey.ts';

/** Below this share of nodes that are up nothing is repaired, collected or trimmed. */
const SAFE_MODE_SHARE = 0.75;

interface NodeView {
  id: NodeId;
  state: NodeState;
  domain: FailureDomain;
}

/** Why there is no volume to write to, as an error's code; undefined when there could be one. */
export function writeShortage(
  nodes: readonly Pick<NodeView, 'state' | 'domain'>[],
  writeQuorum: number,
): 'STORAGE_FULL' | 'WRITE_QUORUM_UNAVAILABLE' | undefined {
  const hostsIn = (...states: NodeState[]) =>
    distinctHosts(nodes.filter(({ state }) => states.includes(state)).map(({ domain }) => domain));
  if (hostsIn('alive') >= writeQuorum) return undefined;
  return hostsIn('alive', 'readonly') >= writeQuorum ? 'STORAGE_FULL' : 'WRITE_QUORUM_UNAVAILABLE';
}

/** CONTRACT.md: also after the start, since nodes are `joining` until they have reported. */
export function isSafeMode(nodes: readonly Pick<NodeView, 'state'>[]): boolean {
  const up = nodes.filter(({ state }) => isUp(state)).length;
  return nodes.length === 0 || up < nodes.length * SAFE_MODE_SHARE;
}

export function judgeHealth(input: {
  nodes: readonly NodeView[];
  survey: VolumeSurvey;
  writeQuorum: number;
}): Pick<GetStatusResponse, 'health' | 'reasons'> {
  const { nodes, survey, writeQuorum } = input;
  const critical: string[] = [];
  const degraded: string[] = [];
  const shortage = writeShortage(nodes, writeQuorum);
  if (shortage === 'STORAGE_FULL') critical.push('the storage nodes have no room for new chunks');
  if (shortage === 'WRITE_QUORUM_UNAVAILABLE') {
    critical.push(`fewer than ${writeQuorum} failure domains take writes`);
  }
  if (survey.lost > 0) critical.push(`${countOf(survey.lost, 'volume')} without any replica that can be read`);
  for (const { id, state } of nodes) if (state !== 'alive') degraded.push(`node ${id} is ${state}`);
  if (survey.underReplicated > 0) {
    degraded.push(`${countOf(survey.underReplicated, 'volume')} without all copies`);
  }
  if (survey.damagedChunks > 0) degraded.push(`${countOf(survey.damagedChunks, 'damaged or missing chunk replica')}`);
  const health = critical.length > 0 ? 'critical' : degraded.length > 0 ? 'degraded' : 'ok';
  return { health, reasons: [...critical, ...degraded] };
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
