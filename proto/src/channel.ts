/** A channel to one peer: decides how each call travels, by the table of methods and the size of its payload. */
import {
  CairnError,
  type CallOptions,
  type Channel,
  type ConnectOptions,
  defaultDeadlineMs,
  LIMITS,
  METHODS,
  type MethodName,
  type RequestOf,
  type ResponseOf,
  type ServiceName,
} from '@cairn/core';
import { Client, credentials } from '@grpc/grpc-js';
import { BulkCalls, type BulkTarget } from './bulk/client.ts';
import { Exchange } from './exchange/client.ts';
import type { CallRequest } from './exchange/client-stream.ts';
import { CLIENT_OPTIONS } from './grpc-options.ts';
import { wireMethodOf } from './message/methods.ts';
import { UnaryCalls } from './unary/client.ts';

/** Where the peer is, with the choice between sockets and TCP made. */
export interface Target {
  grpc: string;
  /** undefined when the peer offers none, or none is wanted. */
  bulk: BulkTarget | undefined;
}

export interface GrpcChannelOptions extends Pick<ConnectOptions, 'authorization'> {
  /** Asked at the first call: the peer's sockets may not exist before. */
  target: () => Target;
  rpcDeadlineMs: number;
}

interface Lanes {
  client: Client;
  unary: UnaryCalls;
  bulk: BulkCalls | undefined;
  exchanges: Map<string, Exchange>;
}

/** Large frames have a stream of their own, so that small ones do not wait behind them. */
type Size = 'small' | 'large';

export class GrpcChannel implements Channel {
  readonly #options: GrpcChannelOptions;
  #lanes: Lanes | undefined;
  #closed = false;

  constructor(options: GrpcChannelOptions) {
    this.#options = options;
  }

  async call<M extends MethodName>(name: M, request: RequestOf<M>, options?: CallOptions): Promise<ResponseOf<M>> {
    if (this.#closed) throw new CairnError('UNAVAILABLE', 'the channel is closed');
    const deadlineMs = options?.deadlineMs ?? defaultDeadlineMs(name, this.#options.rpcDeadlineMs);
    const signal = options?.signal;
    if (signal?.aborted) throw new CairnError('CANCELLED');
    if (!(deadlineMs > 0)) throw new CairnError('DEADLINE_EXCEEDED');
    const call: CallRequest = { method: wireMethodOf(name), request, deadlineMs, signal };
    return this.#send(name, call) as Promise<ResponseOf<M>>;
  }

  close(): void {
    this.#closed = true;
    if (this.#lanes === undefined) return;
    const { client, unary, bulk, exchanges } = this.#lanes;
    for (const exchange of exchanges.values()) exchange.close();
    unary.close();
    bulk?.close();
    client.close();
  }

  #send(name: MethodName, call: CallRequest): Promise<unknown> {
    this.#lanes ??= this.#openLanes();
    const { travel } = METHODS[name];
    if (travel === 'unary') return this.#lanes.unary.call(call);
    if (travel === 'packed' || payloadBytes(call.request) <= LIMITS.packedPayloadBytesMax) {
      return this.#exchange(call.method.service, 'small').call(call);
    }
    if (this.#lanes.bulk !== undefined) return this.#lanes.bulk.call(call);
    return this.#exchange(call.method.service, 'large').call(call);
  }

  #openLanes(): Lanes {
    const { authorization, target } = this.#options;
    const { grpc, bulk } = target();
    const client = new Client(grpc, credentials.createInsecure(), CLIENT_OPTIONS);
    return {
      client,
      unary: new UnaryCalls(client, authorization),
      bulk: bulk === undefined ? undefined : new BulkCalls(bulk, authorization),
      exchanges: new Map(),
    };
  }

  #exchange(service: ServiceName, size: Size): Exchange {
    const { exchanges, client } = this.#lanes as Lanes;
    const key = `${service}/${size}`;
    let exchange = exchanges.get(key);
    if (exchange === undefined) {
      exchange = new Exchange({ client, service, authorization: this.#options.authorization });
      exchanges.set(key, exchange);
    }
    return exchange;
  }
}

/** Of the request, or of the answer where that is what carries the bytes. */
function payloadBytes(request: unknown): number {
  const { payload, length } = request as { payload?: Uint8Array; length?: number };
  return payload?.length ?? length ?? 0;
}
