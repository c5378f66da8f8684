/** A listener: one gRPC server and one bulk server, each on TCP and, where asked for, on a Unix socket. */
import { mkdirSync, rmSync } from 'node:fs';
import type { ServerHttp2Session } from 'node:http2';
import * as net from 'node:net';
import { join, resolve } from 'node:path';
import { CairnError, type Endpoint, type Listener, type ListenOptions, realClock, sleep } from '@cairn/core';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { Admission } from './admission.ts';
import { formatAddress, parseAddress } from './bulk/headers.ts';
import { BulkServer } from './bulk/server.ts';
import { ServerStream } from './exchange/server-stream.ts';
import { openServerWindows, SERVER_OPTIONS } from './grpc-options.ts';
import { exchangePath, SERVICE_NAMES } from './message/methods.ts';
import { Served } from './served.ts';
import { unaryHandler } from './unary/server.ts';

const asIs = (bytes: Buffer): Buffer => bytes;

/** Linux allows 107; the sockets' names need some of them. */
const SOCKET_DIR_BYTES_MAX = 80;
const CLOSE_GRACE_MS = 2000;

class GrpcListener implements Listener {
  readonly endpoint: Endpoint;
  readonly #options: ListenOptions;
  readonly #served: Served;
  readonly #grpc: Server;
  readonly #bulk: BulkServer;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #streams = new Set<ServerStream>();
  /** Paths that are ours to remove. */
  readonly #sockets: string[] = [];

  constructor(options: ListenOptions, hostId: string) {
    const { socketDir, address, bulkAddress } = options;
    if (socketDir !== undefined && Buffer.byteLength(resolve(socketDir)) > SOCKET_DIR_BYTES_MAX) {
      throw new CairnError('CONFIG_INVALID', `the path ${socketDir} is too long for Unix sockets`);
    }
    const socket = (name: string) => (socketDir === undefined ? '' : join(resolve(socketDir), name));
    this.endpoint = {
      grpc: address,
      bulk: bulkAddress ?? '',
      grpcSocket: socket('grpc.sock'),
      bulkSocket: bulkAddress === undefined ? '' : socket('bulk.sock'),
      hostId,
    };
    this.#options = options;
    this.#served = new Served(options.services);
    this.#bulk = new BulkServer({ served: this.#served, authenticate: options.authenticate });
    const admission = new Admission(options.authenticate, this.#served);
    this.#grpc = new Server({ ...SERVER_OPTIONS, interceptors: [admission.interceptor] });
    this.#register(admission);
  }

  /** Binds everything, or nothing when one of the addresses cannot be had. */
  async open(): Promise<void> {
    const { endpoint } = this;
    try {
      if (this.#options.socketDir !== undefined) {
        mkdirSync(this.#options.socketDir, { recursive: true, mode: 0o700 });
      }
      endpoint.grpc = withPort(endpoint.grpc, await this.#bindGrpc(endpoint.grpc));
      if (endpoint.grpcSocket !== '') {
        await this.#claim(endpoint.grpcSocket);
        await this.#bindGrpc(`unix:${endpoint.grpcSocket}`);
      }
      if (endpoint.bulk !== '') {
        endpoint.bulk = withPort(endpoint.bulk, await this.#bulk.listen(parseAddress(endpoint.bulk)));
      }
      if (endpoint.bulkSocket !== '') {
        await this.#claim(endpoint.bulkSocket);
        await this.#bulk.listen({ path: endpoint.bulkSocket });
      }
    } catch (error) {
      await this.close(0);
      const detail = error instanceof Error ? error.message : String(error);
      throw new CairnError('CONFIG_INVALID', `cannot listen on ${this.#options.address}: ${detail}`, { cause: error });
    }
  }

  async close(graceMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.#served.closing = true;
    for (const stream of this.#streams) stream.drain();
    const closed = Promise.all([new Promise<void>((done) => this.#grpc.tryShutdown(() => done())), this.#bulk.drain()]);
    const grace = new AbortController();
    await Promise.race([closed, sleep(realClock, graceMs, grace.signal).catch(() => undefined)]);
    grace.abort();
    for (const session of this.#sessions) session.destroy();
    this.#bulk.cut();
    await closed;
    for (const path of this.#sockets) rmSync(path, { force: true });
  }

  /**
   * A path that a killed process left is taken over, one of a living process never: its callers would come to us in its name, and the
   * copies that two nodes acknowledge would be one.
   */
  async #claim(path: string): Promise<void> {
    if (await isAnswered(path))
      throw new Error(`another process listens on ${path}: each needs a socketDir of its own`);
    rmSync(path, { force: true });
    this.#sockets.push(path);
  }

  #bindGrpc(address: string): Promise<number> {
    return new Promise((done, fail) => {
      this.#grpc.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
        if (error !== null) return fail(error);
        openServerWindows(this.#grpc, this.#sessions);
        done(port);
      });
    });
  }

  #register(admission: Admission): void {
    for (const service of SERVICE_NAMES) {
      if (this.#options.services[service] === undefined) continue;
      const serve = (stream: ServerDuplexStream<Buffer, Buffer>) => {
        const principal = admission.principalOf(stream.metadata);
        const onDone = () => this.#streams.delete(served);
        const served = new ServerStream({ stream, service, served: this.#served, principal, onDone });
        this.#streams.add(served);
      };
      this.#grpc.register(exchangePath(service), serve, asIs, asIs, 'bidi');
    }
    for (const method of this.#served.methods.values()) {
      this.#grpc.register(method.wire.path, unaryHandler(method, admission), asIs, asIs, 'unary');
    }
  }
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((answer) => {
    const socket = net.connect(path);
    socket.once('connect', () => {
      socket.destroy();
      answer(true);
    });
    socket.once('error', () => answer(false));
  });
}

function withPort(address: string, port: number): string {
  return formatAddress(parseAddress(address).host, port);
}

export async function listen(options: ListenOptions, hostId: string): Promise<Listener> {
  const listener = new GrpcListener(options, hostId);
  await listener.open();
  return listener;
}
