/**
 * The HTTP listener: fastify without body parsing, routes or hooks but one, which hands each request over as it came. The target is kept
 * from the router, which would decode it: what is signed is the raw one.
 */
import type { Socket } from 'node:net';
import { type Clock, LIMITS } from '@cairn/core';
import { fastify } from 'fastify';
import { S3_ERRORS, S3Error } from '../errors/s3-error.ts';
import type { S3Service } from '../s3-service.ts';
import { errorDocument } from './error-document.ts';

const HEADERS_TIMEOUT_MS = 30_000;
/** Longer than the idle timeouts of common load balancers (60 s), so that it is they who close. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
const DRAIN_MS = 10_000;

export interface ListenerOptions {
  /** `host:port`; port 0 picks a free one. */
  address: string;
  reusePort: boolean;
  service: S3Service;
  clock: Clock;
  nextRequestId: () => string;
}

export interface HttpListener {
  /** `host:port` */
  readonly address: string;
  /** Resolves when the listener breaks. */
  readonly failed: Promise<Error>;
  /** Stops accepting, lets running requests end for a while, then cuts. */
  close(): Promise<void>;
}

export async function listen(options: ListenerOptions): Promise<HttpListener> {
  const { service, clock, nextRequestId } = options;
  const app = fastify({
    logger: false,
    genReqId: () => '',
    rewriteUrl: () => '/',
    exposeHeadRoutes: false,
    return503OnClosing: false,
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: {
      maxHeaderSize: LIMITS.httpHeaderBytesMax,
      // Refused in our own words, with S3's error document.
      requireHostHeader: false,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: 5_000,
    },
    clientErrorHandler: (error, socket) => refuseUnreadable({ error, socket, service, nextRequestId }),
  });
  // The hook runs before fastify looks at content type or body; a hijacked reply is ours.
  app.addHook('onRequest', (request, reply, _next) => {
    reply.hijack();
    void service.serve({ raw: request.raw, response: reply.raw, target: request.originalUrl });
  });
  app.all('/', () => undefined);
  const { server } = app;
  server.maxConnections = LIMITS.gatewayConnectionsMax;
  // 100 Continue is answered when the body is asked for: after authentication and every check of the head.
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  const failed = new Promise<Error>((resolve) => server.on('error', resolve));
  const { host, port } = splitAddress(options.address);
  await app.listen({ host, port, ...(options.reusePort ? { reusePort: true } : {}) });
  const bound = server.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    address: `${host.includes(':') ? `[${host}]` : host}:${boundPort}`,
    failed,
    async close() {
      service.drain();
      const cut = clock.schedule(DRAIN_MS, () => server.closeAllConnections(), { background: true });
      await app.close();
      cut.cancel();
    },
  };
}

function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}

interface Unreadable {
  error: Error & { code?: string };
  socket: Socket;
  service: S3Service;
  nextRequestId: () => string;
}

/** The parser gave up on a connection: in the middle of a body, or before there was a request. */
function refuseUnreadable({ error, socket, service, nextRequestId }: Unreadable): void {
  const exchange = service.exchangeOn(socket);
  if (exchange !== undefined) {
    exchange.failBody(new S3Error('IncompleteBody'));
    return;
  }
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = refusalOf(error.code);
  const [status] = S3_ERRORS[refusal.code];
  const id = nextRequestId();
  const body = errorDocument(refusal, { resource: '/', requestId: id });
  socket.write(
    `HTTP/1.1 ${status} Bad Request\r\nx-amz-request-id: ${id}\r\nConnection: close\r\n` +
      `Content-Type: application/xml\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  socket.destroySoon();
}

function refusalOf(code: string | undefined): S3Error {
  if (code === 'HPE_HEADER_OVERFLOW') return new S3Error('RequestHeaderSectionTooLarge');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new S3Error('RequestTimeout');
  return new S3Error('BadRequest', 'The request is not HTTP/1.1.');
}
