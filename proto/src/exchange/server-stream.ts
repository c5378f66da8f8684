/**
 * One Exchange stream, seen from the callee. Its memory is bounded: a call counts until its answer is written, calls beyond the limit are
 * refused, and nothing is read while the peer does not take its answers or while too many bytes of requests are being handled.
 */
import { CairnError, type CallContext, LIMITS, type Principal, realClock, type ServiceName } from '@cairn/core';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { Deadlines } from '../deadlines.ts';
import { toStatus } from '../error-map.ts';
import { failureOf, responseFailureOf, type Served, type ServedMethod } from '../served.ts';
import { Outbox, type Outgoing } from './outbox.ts';
import { decodePacket, type Frame, type PacketWriter } from './packet.ts';

/** For callers that name no deadline. */
const UNSTATED_DEADLINE_MS = 30_000;

/** One call that is being handled. The abort signal is only made when the handler asks for it. */
class RunningCall implements CallContext, Outgoing {
  readonly principal: Principal;
  readonly call: number;
  readonly bytes: number;
  readonly deadlineAt: number;
  readonly #method: ServedMethod;
  readonly #stream: ServerStream;
  #abort: AbortController | undefined;
  #aborted: CairnError | undefined;
  #response: unknown;
  #failure: CairnError | undefined;

  constructor(stream: ServerStream, method: ServedMethod, frame: Frame, now: number) {
    this.#stream = stream;
    this.#method = method;
    this.principal = stream.principal;
    this.call = frame.call;
    this.bytes = frame.body.length;
    this.deadlineAt = now + (frame.deadlineMs || UNSTATED_DEADLINE_MS);
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#aborted !== undefined) this.#abort.abort(this.#aborted);
    }
    return this.#abort.signal;
  }

  abort(reason: CairnError): void {
    this.#aborted = reason;
    this.#abort?.abort(reason);
  }

  async run(body: Uint8Array): Promise<void> {
    try {
      this.#response = await this.#method.handle(this.#method.wire.request.decode(body), this);
    } catch (error) {
      this.#failure = failureOf(error);
    }
    this.#stream.answer(this);
  }

  writeTo(packet: PacketWriter): void {
    this.#stream.forget(this);
    // Nobody waits for the answer of a call that was aborted.
    if (this.#aborted !== undefined) return;
    try {
      if (this.#failure !== undefined) packet.failure(this.call, this.#failure);
      else packet.answer(this.call, this.#method.wire.response, this.#response);
    } catch (error) {
      packet.failure(this.call, responseFailureOf(error));
    }
  }
}

interface ServerStreamOptions {
  stream: ServerDuplexStream<Buffer, Buffer>;
  service: ServiceName;
  served: Served;
  principal: Principal;
  /** Called once, when the stream takes and answers nothing any more. */
  onDone: () => void;
}

export class ServerStream {
  readonly principal: Principal;
  readonly #options: ServerStreamOptions;
  readonly #outbox: Outbox;
  readonly #running = new Map<number, RunningCall>();
  readonly #deadlines = new Deadlines((now) => this.#expire(now));
  #runningBytes = 0;
  #paused = false;
  #inputEnded = false;
  #over = false;

  constructor(options: ServerStreamOptions) {
    this.#options = options;
    this.principal = options.principal;
    const { stream } = options;
    this.#outbox = new Outbox(stream, () => {
      this.#steer();
      if (this.#inputEnded) this.#endIfIdle();
    });
    stream.on('data', (message: Buffer) => this.#receive(message));
    stream.on('end', () => {
      this.#inputEnded = true;
      this.#endIfIdle();
    });
    stream.on('cancelled', () => this.#broke());
    stream.on('error', () => this.#broke());
  }

  /** Ends the stream as soon as no call runs. */
  drain(): void {
    this.#inputEnded = true;
    this.#endIfIdle();
  }

  answer(call: RunningCall): void {
    this.#outbox.push(call);
  }

  forget(call: RunningCall): void {
    if (!this.#running.delete(call.call)) return;
    this.#runningBytes -= call.bytes;
    this.#steer();
    if (this.#inputEnded) setImmediate(() => this.#endIfIdle());
  }

  #receive(message: Buffer): void {
    if (this.#over) return;
    let frames: Frame[];
    try {
      frames = decodePacket(message).frames;
    } catch (error) {
      this.#options.stream.emit('error', toStatus(failureOf(error)));
      return;
    }
    for (const frame of frames) if (frame.call !== 0) this.#handle(frame);
    this.#steer();
  }

  #handle(frame: Frame): void {
    if (frame.cancel) {
      this.#running.get(frame.call)?.abort(new CairnError('CANCELLED'));
      return;
    }
    const now = realClock.monotonic();
    let call: RunningCall;
    try {
      if (this.#running.size >= LIMITS.callsInFlightMax) throw new CairnError('OVERLOADED');
      if (this.#running.has(frame.call)) throw new CairnError('INVALID_ARGUMENT', `call ${frame.call} is running`);
      const method = this.#options.served.admit(`${this.#options.service}.${frame.method}`, this.principal);
      call = new RunningCall(this, method, frame, now);
    } catch (error) {
      const failure = failureOf(error);
      this.#outbox.push({ writeTo: (packet) => packet.failure(frame.call, failure) });
      return;
    }
    this.#running.set(call.call, call);
    this.#runningBytes += call.bytes;
    this.#deadlines.watch(call.deadlineAt, now);
    void call.run(frame.body);
  }

  /** Reads on, or stops reading, by what it holds. */
  #steer(): void {
    const pause = this.#outbox.full || this.#runningBytes > LIMITS.nodeInflightBytes;
    if (pause === this.#paused || this.#over) return;
    this.#paused = pause;
    if (pause) this.#options.stream.pause();
    else this.#options.stream.resume();
  }

  #expire(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const call of this.#running.values()) {
      if (call.deadlineAt <= now) call.abort(new CairnError('DEADLINE_EXCEEDED'));
      else next = Math.min(next, call.deadlineAt);
    }
    return next;
  }

  #endIfIdle(): void {
    if (this.#over || this.#running.size > 0) return;
    this.#outbox.flush();
    if (this.#outbox.full) return;
    this.#over = true;
    this.#deadlines.stop();
    this.#options.stream.end();
    this.#options.onDone();
  }

  #broke(): void {
    if (this.#over) return;
    this.#over = true;
    this.#deadlines.stop();
    this.#outbox.close();
    for (const call of this.#running.values()) call.abort(new CairnError('CANCELLED'));
    this.#running.clear();
    this.#options.onDone();
  }
}
