/** The calling end of the in-memory network. */
import { defaultDeadlineMs, type MethodName, type RequestOf, type ResponseOf } from '../api/methods.ts';
import { CairnError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { CallOptions, Channel, ConnectOptions } from '../ports/transport.ts';
import { type Answer, MemoryConnection, type SentCall } from './connection.ts';
import { copyMessage, messageBytes } from './message.ts';
import type { MemoryNetwork, MemoryProcess } from './network.ts';

export class MemoryChannel implements Channel {
  readonly process: MemoryProcess;
  readonly #network: MemoryNetwork;
  readonly #options: ConnectOptions;
  #connection: MemoryConnection | undefined;
  #closed = false;

  constructor(options: { network: MemoryNetwork; process: MemoryProcess; options: ConnectOptions }) {
    this.#network = options.network;
    this.process = options.process;
    this.#options = options.options;
  }

  async call<M extends MethodName>(
    method: M,
    request: RequestOf<M>,
    options: CallOptions = {},
  ): Promise<ResponseOf<M>> {
    const { deadlineMs = defaultDeadlineMs(method, this.#network.rpcDeadlineMs), signal } = options;
    if (!this.process.alive) throw new CairnError('UNAVAILABLE', `${this.process.name} has crashed`);
    if (this.#closed) throw new CairnError('UNAVAILABLE', 'the channel is closed');
    if (signal?.aborted) throw new CairnError('CANCELLED');
    if (deadlineMs <= 0) throw new CairnError('DEADLINE_EXCEEDED');
    if (messageBytes(request) > LIMITS.messageBytesMax) throw new CairnError('MESSAGE_TOO_LARGE');
    const connection = this.#connect();
    if (connection.waiting.size >= LIMITS.callsInFlightMax) throw new CairnError('OVERLOADED');

    const { promise, resolve, reject } = Promise.withResolvers<ResponseOf<M>>();
    const onAbort = () => this.#abandon(call, new CairnError('CANCELLED'));
    const onDeadline = () => this.#abandon(call, new CairnError('DEADLINE_EXCEEDED'));
    const timer = this.#network.clock.schedule(deadlineMs, onDeadline);
    const call: SentCall = {
      method,
      request: copyMessage(request),
      deadlineMs,
      connection,
      abandoned: false,
      onAbandon: undefined,
      answer(answer: Answer) {
        if (!connection.waiting.delete(call)) return;
        timer.cancel();
        signal?.removeEventListener('abort', onAbort);
        if ('error' in answer) reject(answer.error);
        else resolve(answer.response as ResponseOf<M>);
      },
    };
    connection.waiting.add(call);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#send(call);
    return promise;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#network.forget(this);
    const connection = this.#connection;
    if (connection === undefined) return;
    const closed = new CairnError('UNAVAILABLE', 'the channel is closed');
    for (const call of [...connection.waiting]) this.#abandon(call, closed);
    const address = this.#options.endpoint.grpc;
    const peer = this.#network.nameAt(address);
    this.#network.deliver(this.process.name, peer, () => this.#network.listenerAt(address)?.forget(connection));
  }

  #connect(): MemoryConnection {
    if (this.#connection === undefined || this.#connection.broken) {
      this.#connection = new MemoryConnection(this.process.name, this.#options.authorization());
    }
    return this.#connection;
  }

  #send(call: SentCall): void {
    const address = this.#options.endpoint.grpc;
    const { name } = this.process;
    const peer = this.#network.nameAt(address);
    this.#network.deliver(name, peer, () => {
      const listener = this.#network.listenerAt(address);
      if (listener !== undefined) return listener.accept(call);
      this.#network.deliver(peer, name, () => {
        call.connection.retire();
        call.answer({ error: new CairnError('UNAVAILABLE') });
      });
    });
  }

  /** Ends the call here, and tells the peer that nobody waits for it any more. */
  #abandon(call: SentCall, error: CairnError): void {
    call.answer({ error });
    this.#network.deliver(this.process.name, this.#network.nameAt(this.#options.endpoint.grpc), () => {
      call.abandoned = true;
      call.onAbandon?.();
    });
  }
}
