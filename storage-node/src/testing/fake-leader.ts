/** The other end of the wire: a metadata server that registers nodes, answers heartbeats as a test says, and keeps what it was sent. */
import {
  authenticator,
  type Clock,
  type HeartbeatRequest,
  type HeartbeatResponse,
  type Listener,
  type RegisterNodeRequest,
  type RegisterNodeResponse,
  type Transport,
} from '@cairn/core';
import { serviceOf } from '@cairn/core/testing';

export const CLUSTER_SECRET = 'f3a91c0de7b2468c9a51e0d4';

export class FakeLeader {
  clusterId = 'cluster-1';
  epoch = 5;
  incarnation = 0;
  readonly registrations: RegisterNodeRequest[] = [];
  readonly heartbeats: HeartbeatRequest[] = [];
  /** Changes an answer, or throws one. */
  onRegister: (answer: RegisterNodeResponse) => RegisterNodeResponse = (answer) => answer;
  onHeartbeat: (answer: HeartbeatResponse) => HeartbeatResponse = (answer) => answer;
  #listener: Listener | undefined;

  /** @returns Where it listens. */
  async listen(transport: Transport, { address, clock }: { address: string; clock: Clock }): Promise<string> {
    this.#listener = await transport.listen({
      address,
      authenticate: authenticator({ clock, clusterSecret: CLUSTER_SECRET }),
      services: {
        MetadataServer: serviceOf('MetadataServer', {
          RegisterNode: async (request) => this.#register(request),
          Heartbeat: async (request) => this.#heartbeat(request),
        }),
      },
    });
    return this.#listener.endpoint.grpc;
  }

  async close(): Promise<void> {
    await this.#listener?.close(0);
  }

  #register(request: RegisterNodeRequest): RegisterNodeResponse {
    this.registrations.push(request);
    const { clusterId, epoch } = this;
    const answer = {
      clusterId,
      epoch,
      incarnation: this.incarnation + 1,
      heartbeatIntervalMs: 3000,
      fenceAfterMs: 15_000,
    };
    const changed = this.onRegister({ ...answer, orders: [] });
    this.incarnation = changed.incarnation;
    return changed;
  }

  #heartbeat(request: HeartbeatRequest): HeartbeatResponse {
    this.heartbeats.push(request);
    return this.onHeartbeat({ epoch: this.epoch, orders: [] });
  }
}
