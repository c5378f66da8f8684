/** The answering end of the in-memory network. It denies by default: who calls is known before the method is looked up. */
import { type Endpoint, endpointOf } from '../api/endpoint.ts';
import { type CallContext, METHODS, type Principal } from '../api/methods.ts';
import { CairnError, toCairnError } from '../errors.ts';
import { InvariantViolation } from '../invariant.ts';
import { LIMITS } from '../limits.ts';
import type { Listener, ListenOptions } from '../ports/transport.ts';
import type { Answer, MemoryConnection, SentCall } from './connection.ts';
import { copyMessage, messageBytes } from './message.ts';
import type { MemoryNetwork, MemoryProcess } from './network.ts';

const GRACE_MS_DEFAULT = 2000;

/** An invariant violation is no answer: thrown where nobody catches, it ends the process. */
function endProcess(violation: InvariantViolation): void {
  queueMicrotask(() => {
    throw violation;
  });
}

type AnyHandler = (request: unknown, context: CallContext) => Promise<unknown>;

export class MemoryListener implements Listener {
  readonly endpoint: Endpoint;
  readonly process: MemoryProcess;
  readonly #network: MemoryNetwork;
  readonly #options: ListenOptions;
  readonly #principals = new Map<MemoryConnection, Promise<Principal>>();
  readonly #running = new Set<AbortController>();
  #state: 'open' | 'draining' | 'closed' = 'open';
  #onDrained: (() => void) | undefined;

  constructor(options: { network: MemoryNetwork; process: MemoryProcess; address: string; options: ListenOptions }) {
    this.#network = options.network;
    this.process = options.process;
    this.#options = options.options;
    this.endpoint = endpointOf(options.address);
  }

  /** A call has arrived. */
  accept(call: SentCall): void {
    if (call.abandoned) return;
    const abort = new AbortController();
    const { clock } = this.#network;
    const onDeadline = () => abort.abort(new CairnError('DEADLINE_EXCEEDED'));
    const timer = clock.schedule(call.deadlineMs, onDeadline, { background: true });
    call.onAbandon = () => abort.abort(new CairnError('CANCELLED'));
    this.#running.add(abort);
    const ended = (answer: Answer) => {
      timer.cancel();
      this.#running.delete(abort);
      if (this.#state !== 'closed') this.#tell(call.connection, () => call.answer(answer));
      if (this.#running.size === 0) this.#onDrained?.();
    };
    void this.#perform(call, abort.signal).then(ended);
  }

  /** The caller has closed this connection. */
  forget(connection: MemoryConnection): void {
    this.#principals.delete(connection);
  }

  async close(graceMs = GRACE_MS_DEFAULT): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'draining';
    this.#network.release(this);
    if (this.#running.size > 0 && graceMs > 0) await this.#drained(graceMs);
    this.cutAll();
  }

  /** Ends everything at this moment. */
  cutAll(): void {
    this.#state = 'closed';
    this.#network.release(this);
    const error = new CairnError('UNAVAILABLE');
    for (const abort of this.#running) abort.abort(error);
    for (const connection of this.#principals.keys()) this.#tell(connection, () => connection.break(error));
    this.#principals.clear();
    this.#onDrained?.();
  }

  #tell(connection: MemoryConnection, action: () => void): void {
    this.#network.deliver(this.process.name, connection.from, action);
  }

  #drained(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#network.clock.schedule(graceMs, resolve);
      this.#onDrained = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  async #perform(call: SentCall, signal: AbortSignal): Promise<Answer> {
    try {
      const principal = await this.#authenticate(call.connection);
      const response = await this.#handlerOf(call, principal)(call.request, { principal, signal });
      if (messageBytes(response) > LIMITS.messageBytesMax) throw new CairnError('MESSAGE_TOO_LARGE');
      return { response: copyMessage(response) };
    } catch (thrown) {
      if (thrown instanceof InvariantViolation) endProcess(thrown);
      const { code, message } = toCairnError(thrown);
      return { error: new CairnError(code, message) };
    }
  }

  #authenticate(connection: MemoryConnection): Promise<Principal> {
    let principal = this.#principals.get(connection);
    if (principal === undefined) {
      principal = Promise.try(this.#options.authenticate, connection.authorization);
      this.#principals.set(connection, principal);
      principal.catch(() => {
        this.#principals.delete(connection);
        connection.retire();
      });
    }
    return principal;
  }

  #handlerOf(call: SentCall, principal: Principal): AnyHandler {
    const callers: readonly string[] = METHODS[call.method].callers;
    if (!callers.includes(principal.kind)) throw new CairnError('PERMISSION_DENIED');
    const [service, method] = call.method.split('.') as ['StorageNode' | 'MetadataServer', string];
    const handlers = this.#options.services[service] as Record<string, AnyHandler> | undefined;
    const handler = handlers?.[method];
    if (handlers === undefined || handler === undefined) throw new CairnError('NOT_IMPLEMENTED');
    return (request, context) => handler.call(handlers, request, context);
  }
}
