/**
 * One Exchange stream, seen from the caller. It matches answers with calls, lets deadlines expire, and when it breaks every call on it
 * fails with the reason. A stream without calls ends by itself: it would keep the process alive.
 */
import { CairnError, LIMITS, realClock, toCairnError } from '@cairn/core';
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { Deadlines } from '../deadlines.ts';
import { errorFromWire, fromStatus } from '../error-map.ts';
import type { WireMethod } from '../message/methods.ts';
import { Outbox, type Outgoing } from './outbox.ts';
import { decodePacket, type Frame, type PacketWriter } from './packet.ts';

/** A new stream on the open connection costs no round trip, so there is little to gain by keeping an idle one. */
const IDLE_MS = 1000;

export interface CallRequest {
  method: WireMethod;
  request: unknown;
  deadlineMs: number;
  signal: AbortSignal | undefined;
}

interface Settlement {
  resolve: (response: unknown) => void;
  reject: (error: unknown) => void;
}

class PendingCall implements Outgoing {
  readonly call: number;
  readonly method: WireMethod;
  readonly deadlineAt: number;
  #request: unknown;
  readonly #deadlineMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #settlement: Settlement;
  readonly #stream: ClientStream;
  readonly #onAbort: (() => void) | undefined;
  #settled = false;

  constructor(stream: ClientStream, call: number, request: CallRequest, settlement: Settlement, now: number) {
    this.#stream = stream;
    this.call = call;
    this.method = request.method;
    this.deadlineAt = now + request.deadlineMs;
    this.#request = request.request;
    this.#deadlineMs = request.deadlineMs;
    this.#settlement = settlement;
    this.#signal = request.signal;
    if (this.#signal !== undefined) {
      this.#onAbort = () => this.#stream.abandon(this, new CairnError('CANCELLED'));
      this.#signal.addEventListener('abort', this.#onAbort, { once: true });
    }
  }

  writeTo(packet: PacketWriter): void {
    if (this.#settled) return;
    const head = { call: this.call, method: this.method.rpc, deadlineMs: Math.ceil(this.#deadlineMs) };
    try {
      packet.request(head, this.method.request, this.#request);
      this.#request = undefined;
    } catch (error) {
      this.#stream.forget(this);
      this.fail(toCairnError(error));
    }
  }

  /** @returns Whether the request has been written to the stream. */
  get sent(): boolean {
    return this.#request === undefined;
  }

  succeed(body: Uint8Array): void {
    this.#settle();
    try {
      this.#settlement.resolve(this.method.response.decode(body));
    } catch (error) {
      this.#settlement.reject(new CairnError('INTERNAL', 'the answer cannot be read', { cause: error }));
    }
  }

  fail(error: CairnError): void {
    this.#settle();
    this.#settlement.reject(error);
  }

  #settle(): void {
    this.#settled = true;
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

export class ClientStream {
  readonly #stream: ClientDuplexStream<Buffer, Buffer>;
  readonly #outbox: Outbox;
  readonly #pending = new Map<number, PendingCall>();
  readonly #deadlines = new Deadlines((now) => this.#expire(now));
  #lastCall = 0;
  #lastUsedAt = realClock.monotonic();
  #open = true;

  constructor(stream: ClientDuplexStream<Buffer, Buffer>) {
    this.#stream = stream;
    this.#outbox = new Outbox(stream);
    stream.on('data', (message: Buffer) => this.#receive(message));
    stream.on('error', (error: ServiceError) => this.#broke(fromStatus(error)));
    stream.on('end', () => this.#broke(new CairnError('UNAVAILABLE', 'the peer ended the stream')));
  }

  /** Whether it takes calls. */
  get open(): boolean {
    return this.#open;
  }

  call(request: CallRequest): Promise<unknown> {
    if (this.#pending.size >= LIMITS.callsInFlightMax) return Promise.reject(new CairnError('OVERLOADED'));
    return new Promise((resolve, reject) => {
      const now = realClock.monotonic();
      this.#lastCall = this.#lastCall === 0xffff_ffff ? 1 : this.#lastCall + 1;
      const call = new PendingCall(this, this.#lastCall, request, { resolve, reject }, now);
      this.#lastUsedAt = now;
      this.#pending.set(call.call, call);
      this.#deadlines.watch(Math.min(call.deadlineAt, now + IDLE_MS), now);
      this.#outbox.push(call);
    });
  }

  /** Fails everything on it and cuts it. */
  destroy(error: CairnError): void {
    this.#broke(error);
    this.#stream.cancel();
  }

  forget(call: PendingCall): void {
    this.#pending.delete(call.call);
  }

  /** Ends a call on this side, and tells the peer. */
  abandon(call: PendingCall, error: CairnError): void {
    this.forget(call);
    if (call.sent) this.#outbox.push({ writeTo: (packet) => packet.cancel(call.call) });
    call.fail(error);
  }

  #receive(message: Buffer): void {
    let frames: Frame[];
    try {
      frames = decodePacket(message).frames;
    } catch {
      this.destroy(new CairnError('UNAVAILABLE', 'the peer sent what is not a packet'));
      return;
    }
    for (const frame of frames) {
      const call = this.#pending.get(frame.call);
      if (call === undefined) continue;
      this.#pending.delete(frame.call);
      if (frame.errorCode === '') call.succeed(frame.body);
      else call.fail(errorFromWire(frame.errorCode, frame.errorMessage));
    }
  }

  /** Looks at its calls at least every IDLE_MS. */
  #expire(now: number): number {
    let next = now + IDLE_MS;
    for (const call of this.#pending.values()) {
      if (call.deadlineAt <= now) this.abandon(call, new CairnError('DEADLINE_EXCEEDED'));
      else next = Math.min(next, call.deadlineAt);
    }
    if (this.#pending.size > 0 || now < this.#lastUsedAt + IDLE_MS) return next;
    this.#open = false;
    this.#outbox.flush();
    this.#stream.end();
    return Number.POSITIVE_INFINITY;
  }

  #broke(error: CairnError): void {
    this.#open = false;
    this.#deadlines.stop();
    this.#outbox.close();
    const calls = [...this.#pending.values()];
    this.#pending.clear();
    for (const call of calls) call.fail(error);
  }
}
