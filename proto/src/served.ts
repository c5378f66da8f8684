/** What a listener serves: its handlers by method, and whether it is still taking calls. Shared by every way a call travels. */
import {
  CairnError,
  type CallContext,
  hasCode,
  InvariantViolation,
  type ListenOptions,
  METHODS,
  type Principal,
  toCairnError,
} from '@cairn/core';
import { WIRE_METHODS, type WireMethod } from './message/methods.ts';

export type AnyHandler = (request: unknown, context: CallContext) => Promise<unknown>;

export interface ServedMethod {
  readonly wire: WireMethod;
  readonly handle: AnyHandler;
}

export class Served {
  /** By name with the service: `StorageNode.PutChunk`. */
  readonly methods: ReadonlyMap<string, ServedMethod>;
  /** A closing listener lets running calls end and answers new ones with UNAVAILABLE. */
  closing = false;

  constructor(services: ListenOptions['services']) {
    const methods = new Map<string, ServedMethod>();
    for (const wire of WIRE_METHODS.values()) {
      const handlers = services[wire.service] as Record<string, AnyHandler> | undefined;
      const handle = handlers?.[wire.rpc];
      if (handlers !== undefined && handle !== undefined)
        methods.set(wire.name, { wire, handle: handle.bind(handlers) });
    }
    this.methods = methods;
  }

  /**
   * The method that this caller asks for.
   * @throws NOT_IMPLEMENTED, PERMISSION_DENIED, UNAVAILABLE
   */
  admit(name: string, principal: Principal): ServedMethod {
    const method = this.methods.get(name);
    if (method === undefined) throw new CairnError('NOT_IMPLEMENTED', `${name} is not served here`);
    const callers: readonly Principal['kind'][] = METHODS[method.wire.name].callers;
    if (!callers.includes(principal.kind)) {
      throw new CairnError('PERMISSION_DENIED', `${name} is not for callers of the kind ${principal.kind}`);
    }
    if (this.closing) throw new CairnError('UNAVAILABLE', 'the listener is closing');
    return method;
  }
}

/** What a handler threw, as an answer. A broken invariant is none: it ends the process. */
export function failureOf(thrown: unknown): CairnError {
  if (thrown instanceof InvariantViolation) {
    queueMicrotask(() => {
      throw thrown;
    });
  }
  return toCairnError(thrown);
}

/** Why a response could not be sent: one that does not fit its message is the handler's mistake, not the caller's. */
export function responseFailureOf(thrown: unknown): CairnError {
  return hasCode(thrown, 'MESSAGE_TOO_LARGE')
    ? thrown
    : new CairnError('INTERNAL', 'the response is malformed', { cause: thrown });
}
