/**
 * The callee's side of the bulk lane. The order is what protects it: head parsed, caller authenticated, room for the body taken from a
 * budget, and only then is the body read. What is refused is drained, bounded, so that the caller gets to read why.
 */
import * as http from 'node:http';
import type { Socket } from 'node:net';
import { BufferPool, ByteBudget, CairnError, LIMITS, type ListenOptions, realClock } from '@cairn/core';
import { WIRE_STATUS, wireMessage } from '../error-map.ts';
import { failureOf, responseFailureOf, type Served, type ServedMethod } from '../served.ts';
import { type BulkBody, decodeBody, encodeBody, readBody, sendBody } from './body.ts';
import { CONTENT_TYPE, ERROR_HEADER, SERVER_IDLE_MS } from './headers.ts';
import { ProofCache } from './proof-cache.ts';
import { parseRequest } from './request.ts';

const HTTP_OPTIONS = {
  keepAliveTimeout: SERVER_IDLE_MS,
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 8 * 1024,
  noDelay: true,
} satisfies http.ServerOptions;
const CONNECTIONS_MAX = 4096;

interface BulkServerOptions {
  served: Served;
  authenticate: ListenOptions['authenticate'];
}

export class BulkServer {
  readonly #served: Served;
  readonly #proofs: ProofCache;
  readonly #bodies = new ByteBudget(LIMITS.nodeInflightBytes);
  readonly #buffers = new BufferPool(LIMITS.bulkBuffersKeptBytes);
  readonly #servers: http.Server[] = [];
  /** Connections with a request that is being handled: a second one, pipelined behind it, is none of ours. */
  readonly #busy = new Set<Socket>();

  constructor({ served, authenticate }: BulkServerOptions) {
    this.#served = served;
    this.#proofs = new ProofCache(authenticate);
  }

  /** @returns The port, or 0 for a Unix socket. */
  listen(where: { host: string; port: number } | { path: string }): Promise<number> {
    const server = http.createServer(HTTP_OPTIONS, (request, response) => this.#serve(request, response));
    server.maxConnections = CONNECTIONS_MAX;
    this.#servers.push(server);
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(where, () => {
        server.off('error', reject);
        const address = server.address();
        resolve(typeof address === 'object' ? (address?.port ?? 0) : 0);
      });
    });
  }

  /** Takes no more connections; resolves when the last one is gone. */
  async drain(): Promise<void> {
    const closed = this.#servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const server of this.#servers) server.closeIdleConnections();
    await Promise.all(closed);
  }

  cut(): void {
    for (const server of this.#servers) server.closeAllConnections();
  }

  #serve(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { socket } = request;
    if (this.#busy.has(socket)) {
      socket.destroy();
      return;
    }
    this.#busy.add(socket);
    response.on('close', () => {
      if (this.#served.closing) socket.destroySoon();
    });
    response.on('error', () => undefined);
    // Free again as soon as the answer is written, not when it is sent: the next request may arrive before that is told.
    this.#answer(request, response)
      .catch((error) => refuse(request, response, failureOf(error)))
      .finally(() => this.#busy.delete(socket));
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const abort = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) abort.abort(new CairnError('CANCELLED'));
    });
    abort.signal.addEventListener('abort', () => {
      if (!request.complete) request.destroy();
    });
    const { method: name, authorization, bodyBytes, deadlineMs } = parseRequest(request);
    const principal = await this.#proofs.principalOf(authorization);
    const method = this.#served.admit(name, principal);
    if (this.#busy.size > LIMITS.callsInFlightMax) throw new CairnError('OVERLOADED');
    // It runs until the answer is sent: a caller that stands still would hold what the handler lent to its answer for ever.
    const onDeadline = () => {
      abort.abort(new CairnError('DEADLINE_EXCEEDED'));
      if (response.headersSent) response.destroy();
    };
    const timer = realClock.schedule(deadlineMs, onDeadline, { background: true });
    response.once('close', () => timer.cancel());
    const giveBack = await this.#bodies.take(bodyBytes, abort.signal);
    const room = this.#buffers.take(bodyBytes);
    try {
      const body = await readBody(request, bodyBytes, room);
      const afterAnswer = (callback: () => void) => {
        if (response.closed) callback();
        else response.once('close', callback);
      };
      const context = { principal, signal: abort.signal, afterAnswer };
      send(response, encoded(method, await method.handle(decodeBody(method.wire.request, body), context)));
    } finally {
      // The handler has settled, so nobody reads the body any more; one that broke off may still be written to by its socket.
      if (request.complete) this.#buffers.give(room);
      giveBack();
    }
  }
}

function encoded(method: ServedMethod, response: unknown): BulkBody {
  try {
    return encodeBody(method.wire.response, response);
  } catch (error) {
    throw responseFailureOf(error);
  }
}

function send(response: http.ServerResponse, body: BulkBody): void {
  if (response.destroyed) return;
  response.writeHead(200, { 'content-type': CONTENT_TYPE, 'content-length': body.bytes });
  sendBody(response, body);
}

/** Answers with the error, and lets the rest of a body run by: a caller that is still sending would never see the answer. */
function refuse(request: http.IncomingMessage, response: http.ServerResponse, error: CairnError): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const text = JSON.stringify({ code: error.code, message: wireMessage(error) });
  response.writeHead(WIRE_STATUS[error.code][1], {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    [ERROR_HEADER]: error.code,
  });
  response.end(text);
  let drained = 0;
  request.on('data', (piece: Buffer) => {
    drained += piece.length;
    if (drained > LIMITS.messageBytesMax) request.destroy();
  });
  request.on('error', () => undefined);
}
