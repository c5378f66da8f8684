/**
 * The load generator's client: HTTP/1.1 over one keep-alive socket, requests as ready-made bytes, answers parsed no further
 * than needed. It costs a few microseconds a request, so that the figures are the server's.
 */
import { createHash, createHmac } from 'node:crypto';
import * as net from 'node:net';

export interface Target {
  host: string;
  port: number;
  accessKey: string;
  secretKey: string;
}

/** Signs with SigV4 and an unsigned payload; one signing key serves a whole run. */
export class Signer {
  readonly #target: Target;
  readonly #stamp: string;
  readonly #scope: string;
  readonly #key: Buffer;

  constructor(target: Target, now: Date) {
    this.#target = target;
    this.#stamp = `${now.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
    const day = this.#stamp.slice(0, 8);
    this.#scope = `${day}/us-east-1/s3/aws4_request`;
    this.#key = ['us-east-1', 's3', 'aws4_request'].reduce<Buffer>(
      (key, text) => createHmac('sha256', key).update(text).digest(),
      createHmac('sha256', `AWS4${target.secretKey}`).update(day).digest(),
    );
  }

  /** The head of a request, signed. `query` is in canonical form already. */
  head(
    method: string,
    path: string,
    options: { query?: string; bodyBytes?: number; range?: string; md5?: string } = {},
  ): Buffer {
    const { query = '', bodyBytes, range, md5 } = options;
    const host = `${this.#target.host}:${this.#target.port}`;
    const signed = [
      ...(md5 === undefined ? [] : [`content-md5:${md5}`]),
      `host:${host}`,
      'x-amz-content-sha256:UNSIGNED-PAYLOAD',
      `x-amz-date:${this.#stamp}`,
    ];
    const names = signed.map((line) => line.slice(0, line.indexOf(':'))).join(';');
    const canonical = [method, path, query, ...signed, '', names, 'UNSIGNED-PAYLOAD'].join('\n');
    const digest = createHash('sha256').update(canonical).digest('hex');
    const toSign = ['AWS4-HMAC-SHA256', this.#stamp, this.#scope, digest].join('\n');
    const signature = createHmac('sha256', this.#key).update(toSign).digest('hex');
    const lines = [
      `${method} ${path}${query === '' ? '' : `?${query}`} HTTP/1.1`,
      ...signed.map((line) => line.replace(':', ': ')),
      `authorization: AWS4-HMAC-SHA256 Credential=${this.#target.accessKey}/${this.#scope}, SignedHeaders=${names}, Signature=${signature}`,
    ];
    if (bodyBytes !== undefined) lines.push(`content-length: ${bodyBytes}`);
    if (range !== undefined) lines.push(`range: ${range}`);
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  }
}

export interface Answer {
  status: number;
  bodyBytes: number;
  /** Whether the body is the one that was expected; true when none was. */
  verified: boolean;
}

interface Waiting {
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
  isHead: boolean;
  expected: Buffer | undefined;
  collect: Buffer[] | undefined;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** One connection, one request at a time. */
export class Connection {
  readonly #socket: net.Socket;
  #waiting: Waiting | undefined;
  #pending: Buffer = Buffer.alloc(0);
  #answer: Answer | undefined;
  #left = 0;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#onData(bytes as Buffer));
    socket.on('close', () => this.#fail(new Error('the connection was closed')));
    socket.on('error', (error) => this.#fail(error));
  }

  static open(target: { host: string; port: number }): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ ...target, noDelay: true }, () => resolve(new Connection(socket)));
      socket.once('error', reject);
    });
  }

  /** @param options.expected What the answer's body must be; it is compared as it arrives. */
  request(
    head: Buffer,
    options: { body?: Buffer; isHead?: boolean; expected?: Buffer; collect?: Buffer[] } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { body, isHead = false, expected, collect } = options;
      this.#waiting = { resolve, reject, isHead, expected, collect };
      if (body === undefined) this.#socket.write(head);
      else if (body.length < 65_536) this.#socket.write(Buffer.concat([head, body]));
      else {
        this.#socket.write(head);
        this.#socket.write(body);
      }
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #onData(bytes: Buffer): void {
    if (this.#answer !== undefined) {
      this.#onBody(bytes);
      return;
    }
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    const end = this.#pending.indexOf(END_OF_HEAD);
    if (end < 0 || this.#waiting === undefined) return;
    const head = this.#pending.toString('latin1', 0, end);
    const rest = this.#pending.subarray(end + 4);
    this.#pending = Buffer.alloc(0);
    const status = Number(head.slice(9, 12));
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      this.#fail(new Error('chunked answers are not read'));
      return;
    }
    const declared = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    this.#left = this.#waiting.isHead || status === 204 || status === 304 ? 0 : declared;
    this.#answer = { status, bodyBytes: 0, verified: true };
    this.#onBody(rest);
  }

  #onBody(bytes: Buffer): void {
    const answer = this.#answer as Answer;
    const waiting = this.#waiting as Waiting;
    if (bytes.length > 0) {
      const { expected } = waiting;
      if (
        expected !== undefined &&
        !expected.subarray(answer.bodyBytes, answer.bodyBytes + bytes.length).equals(bytes)
      ) {
        answer.verified = false;
      }
      waiting.collect?.push(bytes);
      answer.bodyBytes += bytes.length;
      this.#left -= bytes.length;
    }
    if (this.#left > 0) return;
    if (waiting.expected !== undefined && answer.bodyBytes !== waiting.expected.length) answer.verified = false;
    this.#answer = undefined;
    this.#waiting = undefined;
    waiting.resolve(answer);
  }

  #fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#answer = undefined;
    waiting?.reject(error);
  }
}
