/** Where a process can be reached. `grpc` is always there; the rest are offers that a caller may take. */
export interface Endpoint {
  /** `host:port` */
  grpc: string;
  /** `host:port` of the bulk lane, or '' for none. */
  bulk: string;
  /** Absolute paths of Unix sockets, or '' for none. Only good on the host named by `hostId`. */
  grpcSocket: string;
  bulkSocket: string;
  /** Equal on processes that share a kernel; a caller still checks that the socket's path exists. '' when unknown. */
  hostId: string;
}

/** An endpoint of which only the gRPC address is known, as a person writes it. */
export function endpointOf(address: string): Endpoint {
  return { grpc: address, bulk: '', grpcSocket: '', bulkSocket: '', hostId: '' };
}
