/** A client that sends exactly the bytes it is told, for requests that no SDK would send. */
import * as net from 'node:net';
import { ACCESS_KEY, SECRET_KEY, type TestCluster } from './cluster.ts';
import { type Signed, type SignOptions, sign } from './signer.ts';

export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
  /** Of the error document; '' when there is none. */
  code: string;
  /** Interim answers before it, such as 100. */
  interim: number[];
}

/** A connection; what arrives is gathered. */
export class RawConnection {
  readonly socket: net.Socket;
  #received: Buffer = Buffer.alloc(0);
  #closed = false;
  #wake: () => void = () => undefined;

  constructor({ host, port }: Pick<TestCluster, 'host' | 'port'>) {
    this.socket = net.connect({ host, port, allowHalfOpen: true });
    this.socket.on('data', (data: Buffer) => {
      this.#received = Buffer.concat([this.#received, data]);
      this.#wake();
    });
    const onClosed = () => {
      this.#closed = true;
      this.#wake();
    };
    this.socket.on('end', onClosed);
    this.socket.on('close', onClosed);
    this.socket.on('error', onClosed);
  }

  send(...parts: (string | Uint8Array)[]): this {
    for (const part of parts) this.socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part);
    return this;
  }

  /** The next answer. @throws when the connection ends before it is whole. */
  async answer(options: { isHead?: boolean } = {}): Promise<RawAnswer> {
    const interim: number[] = [];
    for (;;) {
      const head = await this.#until(() => this.#received.indexOf('\r\n\r\n'));
      const lines = this.#received.toString('latin1', 0, head).split('\r\n');
      this.#received = this.#received.subarray(head + 4);
      const status = Number(lines[0]?.split(' ')[1]);
      if (status < 200) {
        interim.push(status);
        continue;
      }
      const headers: Record<string, string> = {};
      for (const line of lines.slice(1)) {
        const colon = line.indexOf(':');
        headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
      }
      const bytes = options.isHead || status === 204 || status === 304 ? 0 : Number(headers['content-length'] ?? 0);
      await this.#until(() => (this.#received.length >= bytes ? 0 : -1));
      const body = this.#received.subarray(0, bytes);
      this.#received = this.#received.subarray(bytes);
      const code = /<Code>(\w+)<\/Code>/.exec(body.toString('utf8'))?.[1] ?? '';
      return { status, headers, body, code, interim };
    }
  }

  /** Waits until the other side has closed. */
  async closed(): Promise<void> {
    while (!this.#closed) await this.#next();
  }

  get receivedBytes(): number {
    return this.#received.length;
  }

  destroy(): void {
    this.socket.destroy();
  }

  async #until(found: () => number): Promise<number> {
    for (;;) {
      const at = found();
      if (at >= 0) return at;
      if (this.#closed)
        throw new Error(`the connection ended after ${JSON.stringify(this.#received.toString('latin1'))}`);
      await this.#next();
    }
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

export type RequestOptions = Partial<SignOptions> & { method: string; target: string };

export function signFor({ host, port }: TestCluster, options: RequestOptions): Signed {
  return sign({ host: `${host}:${port}`, accessKey: ACCESS_KEY, secretKey: SECRET_KEY, ...options });
}

export function headOf(method: string, target: string, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

export interface SendOptions extends RequestOptions {
  body?: string | Uint8Array;
}

/** One signed request on a connection of its own; Content-Length is added and not signed. */
export async function send(cluster: TestCluster, { body, ...options }: SendOptions): Promise<RawAnswer> {
  const bytes = body === undefined ? undefined : Buffer.from(body as string);
  const length: Record<string, string> = bytes === undefined ? {} : { 'content-length': String(bytes.length) };
  const { headers } = signFor(cluster, { ...options, unsigned: { ...length, ...options.unsigned } });
  const connection = new RawConnection(cluster).send(headOf(options.method, options.target, headers));
  if (bytes !== undefined) connection.send(bytes);
  try {
    return await connection.answer({ isHead: options.method === 'HEAD' });
  } finally {
    connection.destroy();
  }
}
