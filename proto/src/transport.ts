/** The real transport: gRPC with a bulk lane beside it (docs/protocol.md). */
import { existsSync } from 'node:fs';
import type { Endpoint, Transport } from '@cairn/core';
import type { BulkTarget } from './bulk/client.ts';
import { parseAddress } from './bulk/headers.ts';
import { GrpcChannel, type Target } from './channel.ts';
import { listen } from './listener.ts';

export interface TransportOptions {
  /** Of this process, see `hostId()`; '' keeps it from using Unix sockets. */
  hostId: string;
  /** `auto`: large payloads take the bulk lane of peers that offer one. `grpc`: everything travels by gRPC. */
  lane: 'auto' | 'grpc';
  /** The deadline of a round trip; calls that carry chunks get a multiple of it. */
  rpcDeadlineMs: number;
}

export function createTransport(options: TransportOptions): Transport {
  return {
    listen: (listenOptions) => listen(listenOptions, options.hostId),
    connect: ({ endpoint, authorization }) =>
      new GrpcChannel({
        target: () => targetOf(endpoint, options),
        authorization,
        rpcDeadlineMs: options.rpcDeadlineMs,
      }),
  };
}

function targetOf(endpoint: Endpoint, { hostId, lane }: TransportOptions): Target {
  const sharesFiles = hostId !== '' && endpoint.hostId === hostId;
  const reachable = (path: string) => sharesFiles && path !== '' && existsSync(path);
  const grpc = reachable(endpoint.grpcSocket) ? `unix:${endpoint.grpcSocket}` : endpoint.grpc;
  let bulk: BulkTarget | undefined;
  if (lane === 'auto' && reachable(endpoint.bulkSocket)) bulk = { socketPath: endpoint.bulkSocket };
  else if (lane === 'auto' && endpoint.bulk !== '') bulk = parseAddress(endpoint.bulk);
  return { grpc, bulk };
}
