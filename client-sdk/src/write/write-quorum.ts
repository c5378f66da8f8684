/** Whether a chunk is safe: a pure decision from what its replicas have answered so far (CONTRACT.md, promise 1). */
import type { Endpoint, FailureDomain } from '@cairn/core';

export type ReplicaOutcome = 'pending' | 'acked' | 'failed';

interface Placed {
  readonly domain: FailureDomain;
  /** Where it is reached, if that is known. */
  readonly endpoint?: Pick<Endpoint, 'grpc'>;
}

export interface ReplicaAnswer extends Placed {
  readonly outcome: ReplicaOutcome;
}

/**
 * | state   | holds when                                                                        |
 * |---------|-----------------------------------------------------------------------------------|
 * | reached | durable copies lie in at least W distinct hosts                                   |
 * | lost    | not reached, and would not be even if everything still pending were acknowledged  |
 * | waiting | otherwise                                                                         |
 */
export type QuorumState = 'waiting' | 'reached' | 'lost';

export function quorumState(answers: readonly ReplicaAnswer[], writeQuorum: number): QuorumState {
  if (distinctHosts(answers, (answer) => answer.outcome === 'acked') >= writeQuorum) return 'reached';
  if (distinctHosts(answers, (answer) => answer.outcome !== 'failed') < writeQuorum) return 'lost';
  return 'waiting';
}

/** Replicas of one volume are few, so comparing each with those before it is cheaper than a set. */
export function distinctHosts<T extends Placed>(members: readonly T[], counts: (member: T) => boolean): number {
  let distinct = 0;
  for (let at = 0; at < members.length; at++) {
    const member = members[at] as T;
    if (!counts(member)) continue;
    let seen = false;
    for (let before = 0; before < at && !seen; before++) {
      const other = members[before] as T;
      seen = counts(other) && (sameHost(other.domain, member.domain) || sameProcess(other, member));
    }
    if (!seen) distinct += 1;
  }
  return distinct;
}

/** A host's name is only unique within its rack and zone. */
function sameHost(left: FailureDomain, right: FailureDomain): boolean {
  return left.host === right.host && left.rack === right.rack && left.zone === right.zone;
}

/** A node that restarts may get the address of one that is gone and not yet known to be: both answers would come from it. */
function sameProcess(left: Placed, right: Placed): boolean {
  return left.endpoint !== undefined && left.endpoint.grpc === right.endpoint?.grpc;
}
