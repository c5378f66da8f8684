/** Sessions: a writer's lease, and the volumes it may write to. */
import {
  CairnError,
  type CallContext,
  type CloseSessionRequest,
  type Empty,
  type ErrorCode,
  failpoint,
  isErrorCode,
  LIMITS,
  type OpenSessionResponse,
  parseSessionId,
  type RenewSessionRequest,
  type RenewSessionResponse,
  type ReplicaFailure,
  type SessionId,
  sessionAuthorization,
} from '@cairn/core';
import type { Leader } from '../leader.ts';
import { closeSession } from '../operations/close-session.ts';
import { openSession } from '../operations/open-session.ts';
import { grantsSoon, shortageOf } from './grants.ts';

/** A token outlives a few missed renewals: what a closed session wrote is harmless, since it can no longer commit. */
const TOKEN_LIFE_MIN_MS = 10 * 60 * 1000;
const TOKEN_LIFE_TTLS = 2;

/** Failures after which the node itself is avoided for a while, and not only the volume. */
const NODE_TROUBLE: readonly ErrorCode[] = [
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'VOLUME_FAILED',
  'VOLUME_NOT_FOUND',
  'NODE_READ_ONLY',
  'DISK_FULL',
  'DISK_FAILED',
];

/** A session opens even when there is nothing to grant: deletes must work on a full cluster. */
export async function handleOpenSession(leader: Leader, { signal }: CallContext): Promise<OpenSessionResponse> {
  const { executor, config, timers, clock, state } = leader;
  if (state.sessions.size >= LIMITS.sessionsMax) throw new CairnError('OVERLOADED', 'too many sessions are open');
  const sessionId = await executor.submit(openSession(clock.now()));
  failpoint('session.afterOpen');
  const grants = await grantsSoon(leader, signal);
  return {
    sessionId,
    ttlMs: timers.sessionTtlMs,
    token: tokenFor(leader, sessionId),
    replicas: config.replicas,
    writeQuorum: config.writeQuorum,
    chunkBytes: config.chunkSize,
    quorumExtraWaitMs: timers.quorumExtraWaitMs,
    grants,
  };
}

/** The lease is renewed in any case; when there is nothing to grant the answer is the error that says why. */
export async function handleRenewSession(
  leader: Leader,
  request: RenewSessionRequest,
  { signal }: CallContext,
): Promise<RenewSessionResponse> {
  const sessionId = parseSessionId(request.sessionId);
  if (request.failures.length > LIMITS.reportsMax)
    throw new CairnError('INVALID_ARGUMENT', 'too many failures at once');
  leader.state.sessions.renew(sessionId);
  await sealFailed(leader, request.failures);
  const grants = await grantsSoon(leader, signal);
  if (grants.length === 0) throw new CairnError(shortageOf(leader) ?? 'WRITE_QUORUM_UNAVAILABLE');
  return { ttlMs: leader.timers.sessionTtlMs, token: tokenFor(leader, sessionId), grants };
}

export async function handleCloseSession(leader: Leader, request: CloseSessionRequest): Promise<Empty> {
  await leader.executor.submit(closeSession(parseSessionId(request.sessionId)));
  leader.sweep.wake();
  return {};
}

async function sealFailed({ state, sealer, allocator }: Leader, failures: readonly ReplicaFailure[]): Promise<void> {
  const reasons = new Map<ReplicaFailure['volumeId'], string>();
  for (const { volumeId, nodeId, code } of failures) {
    const volume = state.volumes.get(volumeId);
    if (volume?.state !== 'open' || !volume.nodeIds.includes(nodeId)) continue;
    if (isErrorCode(code) && NODE_TROUBLE.includes(code)) state.nodes.trouble(nodeId);
    reasons.set(volumeId, `a writer got ${isErrorCode(code) ? code : 'an error'} from node ${nodeId}`);
  }
  await Promise.all(Array.from(reasons, ([id, reason]) => sealer.seal(id, reason)));
  if (reasons.size > 0) allocator.worker.wake();
}

function tokenFor({ config, timers, clock }: Leader, session: SessionId): string {
  const lifeMs = Math.max(TOKEN_LIFE_MIN_MS, TOKEN_LIFE_TTLS * timers.sessionTtlMs);
  return sessionAuthorization(config.clusterSecret, session, clock.now() + lifeMs);
}
