/**
 * One request and its answer. Whatever the way out, the answer is whole and the connection is left in a known state: ready for
 * the next request when the body was read to its end, else closed without making the client lose the answer.
 */
import type { ServerResponse } from 'node:http';
import type { Clock } from '@cairn/core';
import type { S3Error } from '../errors/s3-error.ts';
import { BodyReader } from './body-reader.ts';
import type { S3Request } from './request.ts';
import type { StallWatch } from './stall-watch.ts';

/** How long a client that was refused early may go on sending before the connection is cut. */
const LINGER_MS = 5_000;

export interface ExchangeOptions {
  request: S3Request;
  response: ServerResponse;
  clock: Clock;
  stalls: StallWatch;
  /** Whether the gateway is about to stop: connections are not kept then. */
  isDraining: () => boolean;
}

/** Header names and values in turn: what `writeHead` takes without copying. */
export type HeaderList = string[];

export class Exchange {
  readonly request: S3Request;
  readonly response: ServerResponse;
  readonly stalls: StallWatch;
  readonly #clock: Clock;
  readonly #isDraining: () => boolean;
  /** Bytes of the answer's body. */
  sentBytes = 0;
  #reader: BodyReader | undefined;
  #mustClose = false;
  #bodyFailure: S3Error | undefined;
  #endLinger: (() => void) | undefined;
  #unwatch: (() => void) | undefined;

  constructor({ request, response, clock, stalls, isDraining }: ExchangeOptions) {
    this.request = request;
    this.response = response;
    this.stalls = stalls;
    this.#clock = clock;
    this.#isDraining = isDraining;
  }

  /** Bytes of the body that arrived. */
  get receivedBytes(): number {
    return this.#reader?.movedBytes ?? 0;
  }

  /** Starts to read the body. Only now a client that waits for `100 Continue` is told to send. */
  openBody(): BodyReader {
    if (this.#expectsContinue) this.response.writeContinue();
    this.#reader = new BodyReader(this.request.raw);
    this.#unwatch = this.stalls.watch(this.#reader);
    if (this.#bodyFailure !== undefined) this.#reader.fail(this.#bodyFailure);
    return this.#reader;
  }

  /** Nothing that follows on this connection can be trusted: it is closed as soon as the answer is out. */
  closeAfterAnswer(): void {
    this.#mustClose = true;
  }

  /** What the client sends cannot be read on: whoever reads the body, or comes to do so, is told. */
  failBody(error: S3Error): void {
    this.#mustClose = true;
    this.#bodyFailure = error;
    this.#reader?.fail(error);
    this.#endLinger?.();
  }

  /** Writes the head; the caller writes the body and ends it. */
  head(status: number, headers: HeaderList): void {
    this.#unwatch?.();
    if (this.#bodyPending || this.#mustClose || this.#isDraining()) headers.push('connection', 'close');
    this.response.writeHead(status, ['x-amz-request-id', this.request.id, 'server', 'Cairn', ...headers]);
  }

  /** An answer whose body is at hand. A HEAD gets the head only. */
  answer(status: number, headers: HeaderList, body?: Uint8Array | string): void {
    if (this.response.destroyed) {
      this.#unwatch?.();
      return;
    }
    const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
    const pending = this.#bodyPending;
    // Without a length some clients take the end of the connection for the end of the answer, even to a HEAD.
    if (bytes !== undefined) headers.push('content-length', String(bytes.length));
    else if (status !== 204 && status !== 304 && !headers.includes('content-length'))
      headers.push('content-length', '0');
    const awaitsContinue = this.#expectsContinue;
    this.head(status, headers);
    const sent = this.request.method === 'HEAD' ? undefined : bytes;
    this.sentBytes = sent?.length ?? 0;
    if (!pending || awaitsContinue || this.#mustClose) this.response.end(sent);
    else this.#answerAndLinger(sent);
  }

  /** Breaks the connection: the answer was begun and cannot be completed. */
  break(): void {
    this.#unwatch?.();
    this.response.destroy();
  }

  get #expectsContinue(): boolean {
    return this.request.headers['expect'] !== undefined && this.#reader === undefined;
  }

  get #bodyPending(): boolean {
    return this.request.hasBody && this.#reader?.ended !== true;
  }

  /**
   * A socket that is closed while the client still sends resets the connection, and the client may lose the answer with it. So
   * the whole answer is written first, then what still comes is thrown away for a while, then the connection is closed.
   */
  #answerAndLinger(body: Uint8Array | undefined): void {
    const { raw } = this.request;
    const { response } = this;
    if (body === undefined) response.flushHeaders();
    else response.write(body);
    const finish = () => {
      timer.cancel();
      if (!response.writableEnded) response.end();
    };
    const timer = this.#clock.schedule(LINGER_MS, finish, { background: true });
    this.#endLinger = finish;
    raw.once('end', finish);
    raw.once('close', finish);
    if (this.#reader === undefined) raw.resume();
    else this.#reader.discard();
  }
}
