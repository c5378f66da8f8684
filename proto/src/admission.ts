/**
 * Authentication of gRPC calls, before a byte of their messages is taken in: who may not call costs nothing but headers. Exchange streams are
 * authenticated once; which methods their principal may call is decided for each frame.
 */
import type { ListenOptions, Principal } from '@cairn/core';
import { CairnError, invariant } from '@cairn/core';
import { type Metadata, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { toStatus } from './error-map.ts';
import { WIRE_METHODS } from './message/methods.ts';
import { failureOf, type Served } from './served.ts';

const UNARY_PATHS = new Map([...WIRE_METHODS.values()].map((method) => [method.path, method.name]));

export class Admission {
  readonly #principals = new WeakMap<Metadata, Principal>();
  readonly #authenticate: ListenOptions['authenticate'];
  readonly #served: Served;

  constructor(authenticate: ListenOptions['authenticate'], served: Served) {
    this.#authenticate = authenticate;
    this.#served = served;
  }

  /** Who made the call with these metadata; every call that reaches a handler was admitted. */
  principalOf(metadata: Metadata): Principal {
    const principal = this.#principals.get(metadata);
    invariant(principal !== undefined, 'a call that reaches its handler has been authenticated');
    return principal;
  }

  readonly interceptor: ServerInterceptor = (definition, call) =>
    new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, admit) => {
            const refuse = (error: unknown) => call.sendStatus(toStatus(failureOf(error)));
            this.#admit(definition.path, metadata).then(() => admit(metadata), refuse);
          },
        });
      },
    });

  async #admit(path: string, metadata: Metadata): Promise<void> {
    const sent = metadata.get('authorization');
    if (sent.length > 1) throw new CairnError('UNAUTHENTICATED', 'credentials were sent more than once');
    const principal = await this.#authenticate(sent[0]?.toString());
    const method = UNARY_PATHS.get(path);
    if (method !== undefined) this.#served.admit(method, principal);
    this.#principals.set(metadata, principal);
  }
}
