/**
 * Transport: the only way to other processes. One call is one request and one response message of the closed method table
 * (`api/methods.ts`); how they travel (packed on a gRPC stream, unary, or on the bulk lane) is the adapter's business.
 *
 * A failed call rejects with a CairnError: the code the handler threw, or UNAVAILABLE (not sent or connection lost: the outcome of the call is
 * then unknown), DEADLINE_EXCEEDED, CANCELLED, UNAUTHENTICATED, PERMISSION_DENIED, NOT_IMPLEMENTED (the listener does not serve it),
 * MESSAGE_TOO_LARGE (the connection lives on), OVERLOADED (LIMITS.callsInFlightMax wait already). Adapters never retry.
 *
 * `transport.conformance.ts` beside this file says the same as tests; both adapters pass it.
 */
import type { Endpoint } from '../api/endpoint.ts';
import type { HandlersOf, MethodName, Principal, RequestOf, ResponseOf, ServiceName } from '../api/methods.ts';

export interface Transport {
  /** Starts to serve; the listener's endpoint says where. */
  listen(options: ListenOptions): Promise<Listener>;
  /** A lazily connected channel; it reconnects by itself. Channels are cheap to keep and are shared by all callers. */
  connect(options: ConnectOptions): Channel;
}

export interface ListenOptions {
  /** `host:port` of the gRPC listener; port 0 picks a free one. */
  address: string;
  /** `host:port` of the bulk lane, or undefined for none. */
  bulkAddress?: string | undefined;
  /** A folder for Unix sockets (`grpc.sock`, `bulk.sock`), or undefined for none. At most 80 bytes long. */
  socketDir?: string | undefined;
  services: { [S in ServiceName]?: HandlersOf<S> };
  /** Turns the `authorization` text of a caller into a principal, or throws UNAUTHENTICATED or PERMISSION_DENIED. */
  authenticate: (authorization: string | undefined) => Principal | Promise<Principal>;
}

export interface Listener {
  readonly endpoint: Endpoint;
  /** Stops accepting, lets running calls end for at most `graceMs`, then cuts. */
  close(graceMs?: number): Promise<void>;
}

export interface ConnectOptions {
  endpoint: Endpoint;
  /** The `authorization` text to send; asked again for every new connection. */
  authorization: () => string;
}

export interface CallOptions {
  /** Milliseconds until DEADLINE_EXCEEDED; sent along, so that the callee can stop as well. Default: the method's class. */
  deadlineMs?: number;
  signal?: AbortSignal | undefined;
}

export interface Channel {
  call<M extends MethodName>(method: M, request: RequestOf<M>, options?: CallOptions): Promise<ResponseOf<M>>;
  /** Running calls fail with CANCELLED or UNAVAILABLE, and their handlers are aborted; later ones fail with UNAVAILABLE. */
  close(): void;
}
