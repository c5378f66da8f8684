/** Registration and heartbeats: what storage nodes say to the leader. */
import {
  CairnError,
  fenceAfterMs,
  type HeartbeatRequest,
  type HeartbeatResponse,
  parseNodeId,
  type RegisterNodeRequest,
  type RegisterNodeResponse,
} from '@cairn/core';
import { unfitReason } from '../cluster/allocation-plan.ts';
import { openVolume } from '../cluster/replica-standing.ts';
import type { Leader } from '../leader.ts';
import { confirmNode } from '../operations/confirm-node.ts';
import { registerNode } from '../operations/register-node.ts';

export async function handleRegisterNode(leader: Leader, request: RegisterNodeRequest): Promise<RegisterNodeResponse> {
  const { clusterId, executor, state, orders, timers, epoch, log } = leader;
  const { endpoint, domain, capacityBytes, incarnation } = request;
  const nodeId = parseNodeId(request.nodeId);
  if (endpoint.grpc === '') throw new CairnError('INVALID_ARGUMENT', 'a node registers with its address');
  if (domain.host === '') throw new CairnError('INVALID_ARGUMENT', 'a node registers with its host');
  if (request.clusterId !== '' && request.clusterId !== clusterId) {
    throw new CairnError('CLUSTER_MISMATCH', `node ${nodeId} belongs to cluster ${request.clusterId}`);
  }
  const next = await executor.submit(registerNode({ nodeId, incarnation, endpoint, domain, capacityBytes }));
  state.nodes.registered(request);
  for (const report of request.volumes) orders.reported(nodeId, report);
  log.info({ node: nodeId, incarnation: next, address: endpoint.grpc }, 'node registered');
  leader.allocator.worker.wake();
  return {
    clusterId,
    incarnation: next,
    epoch,
    orders: orders.of(nodeId),
    heartbeatIntervalMs: timers.heartbeatIntervalMs,
    fenceAfterMs: fenceAfterMs(timers),
  };
}

export async function handleHeartbeat(leader: Leader, request: HeartbeatRequest): Promise<HeartbeatResponse> {
  const { executor, state, orders, epoch } = leader;
  const { nodeId, incarnation, volumes } = request;
  const node = state.nodes.get(nodeId);
  if (node === undefined || !node.registered) throw new CairnError('NODE_UNKNOWN');
  if (incarnation !== node.incarnation) throw new CairnError('INCARNATION_STALE');
  // Awaited: once a node has been answered, no older copy of it can register.
  if (node.confirmedIncarnation !== incarnation) await executor.submit(confirmNode(nodeId, incarnation));
  if (!state.nodes.heartbeat(request)) throw new CairnError('NODE_UNKNOWN');
  for (const report of volumes) orders.reported(nodeId, report);
  if (volumes.some(({ volumeId }) => isUnfit(leader, volumeId))) leader.allocator.worker.wake();
  return { epoch, orders: orders.of(nodeId) };
}

function isUnfit({ state, allocator }: Leader, id: HeartbeatRequest['volumes'][number]['volumeId']): boolean {
  const volume = state.volumes.get(id);
  if (volume?.state !== 'open') return false;
  return unfitReason(openVolume(volume, state.nodes), allocator.volumeBytes) !== undefined;
}
