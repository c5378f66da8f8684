/**
 * The closed table of methods: who may call each, how it travels and how long it may take. Adapters and handlers are typed by it.
 */
import type { SessionId } from '../ids.ts';
import type { MetadataServerService } from './metadata-server.ts';
import type { StorageNodeService } from './storage-node.ts';

interface Services {
  StorageNode: StorageNodeService;
  MetadataServer: MetadataServerService;
}

export type ServiceName = keyof Services;
type MethodOf<S extends ServiceName> = { [M in keyof Services[S] & string]: `${S}.${M}` }[keyof Services[S] & string];
/** For example `StorageNode.PutChunk`. */
export type MethodName = { [S in ServiceName]: MethodOf<S> }[ServiceName];

type Signature<M extends MethodName> = M extends `${infer S extends ServiceName}.${infer N}`
  ? N extends keyof Services[S]
    ? Services[S][N]
    : never
  : never;
export type RequestOf<M extends MethodName> = Signature<M> extends [infer Request, unknown] ? Request : never;
export type ResponseOf<M extends MethodName> = Signature<M> extends [unknown, infer Response] ? Response : never;

/**
 * Who a caller proved to be. `cluster`: a process of ours. `admin`: the root key. `session`: a writer's session token, good at
 * storage nodes only, and only for chunks of its own session.
 */
export type Principal =
  | { readonly kind: 'cluster' }
  | { readonly kind: 'admin'; readonly accessKey: string }
  | { readonly kind: 'session'; readonly sessionId: SessionId };

/** What a handler is told about a call besides its request. */
export interface CallContext {
  principal: Principal;
  /** Aborted when the caller cancelled, its deadline passed or its connection broke. */
  signal: AbortSignal;
  /**
   * Calls back once the answer's bytes have been sent or will not be, at once if that is so already. Only there where they are sent from where they lie: with it, a
   * handler may use their buffer again.
   */
  afterAnswer?: (callback: () => void) => void;
}

/** The bytes of a request are the transport's again when the handler's promise has settled: a handler that keeps them, copies them. */
export type Handler<M extends MethodName> = (request: RequestOf<M>, context: CallContext) => Promise<ResponseOf<M>>;
export type HandlersOf<S extends ServiceName> = {
  [N in keyof Services[S] & string]: Handler<`${S}.${N}` & MethodName>;
};

interface MethodTraits {
  /** Principals that may call it. */
  callers: readonly Principal['kind'][];
  /** `packed`: many calls share messages of one long-lived stream. `unary`: a gRPC call of its own. `payload`: packed while small, else on the bulk lane. */
  travel: 'packed' | 'unary' | 'payload';
  /** `rpc`: a round trip. `data`: carries chunk bytes and may wait for a disk. */
  deadline: 'rpc' | 'data';
}

const CLUSTER = ['cluster'] as const;
const CLIENTS = ['cluster', 'admin'] as const;
const DATA = ['cluster', 'admin', 'session'] as const;

export const METHODS = {
  'StorageNode.CreateVolume': { callers: CLUSTER, travel: 'unary', deadline: 'rpc' },
  'StorageNode.SealVolume': { callers: CLUSTER, travel: 'unary', deadline: 'rpc' },
  'StorageNode.PutChunk': { callers: DATA, travel: 'payload', deadline: 'data' },
  'StorageNode.GetChunk': { callers: DATA, travel: 'payload', deadline: 'data' },
  'StorageNode.DeleteChunks': { callers: CLUSTER, travel: 'unary', deadline: 'data' },
  'MetadataServer.RegisterNode': { callers: CLUSTER, travel: 'unary', deadline: 'data' },
  'MetadataServer.Heartbeat': { callers: CLUSTER, travel: 'unary', deadline: 'rpc' },
  'MetadataServer.OpenSession': { callers: CLIENTS, travel: 'unary', deadline: 'rpc' },
  'MetadataServer.RenewSession': { callers: CLIENTS, travel: 'unary', deadline: 'rpc' },
  'MetadataServer.CloseSession': { callers: CLIENTS, travel: 'unary', deadline: 'rpc' },
  'MetadataServer.Commit': { callers: CLIENTS, travel: 'packed', deadline: 'rpc' },
  'MetadataServer.GetObject': { callers: CLIENTS, travel: 'packed', deadline: 'rpc' },
  'MetadataServer.ListObjects': { callers: CLIENTS, travel: 'packed', deadline: 'rpc' },
  'MetadataServer.GetBucket': { callers: CLIENTS, travel: 'packed', deadline: 'rpc' },
  'MetadataServer.ListBuckets': { callers: CLIENTS, travel: 'packed', deadline: 'rpc' },
  'MetadataServer.LookupVolumes': { callers: CLIENTS, travel: 'packed', deadline: 'rpc' },
  'MetadataServer.ReportChunk': { callers: CLIENTS, travel: 'unary', deadline: 'rpc' },
  'MetadataServer.GetStatus': { callers: CLIENTS, travel: 'unary', deadline: 'rpc' },
  'MetadataServer.ListNodes': { callers: CLIENTS, travel: 'unary', deadline: 'rpc' },
  'MetadataServer.ListVolumes': { callers: CLIENTS, travel: 'unary', deadline: 'rpc' },
} as const satisfies Record<MethodName, MethodTraits>;

/** The deadline a caller uses when it names none. A data call may wait for a group commit behind large chunks. */
export function defaultDeadlineMs(method: MethodName, rpcDeadlineMs: number): number {
  return METHODS[method].deadline === 'data' ? 6 * rpcDeadlineMs : rpcDeadlineMs;
}
