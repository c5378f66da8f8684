/** The way of a request: read, authenticate, parse, perform; and the one place where a failure becomes an answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, InvariantViolation, LIMITS, type Log } from '@cairn/core';
import type { Authenticate } from './authentication/authenticate.ts';
import { toS3Error } from './errors/from-cairn.ts';
import { S3Error } from './errors/s3-error.ts';
import { answerError } from './http/error-document.ts';
import { Exchange } from './http/exchange.ts';
import { demandUnambiguous, readRequest } from './http/request.ts';
import type { StallWatch } from './http/stall-watch.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Services } from './operations/context.ts';
import { parseOperation } from './operations/parse-operation.ts';
import { perform } from './operations/perform.ts';

/** In metrics: the client went away before it had an answer. */
const STATUS_CLIENT_GONE = 499;

export interface S3ServiceOptions {
  authenticate: Authenticate;
  services: Services;
  /** Hosts below this domain are buckets. */
  domain: string | undefined;
  clock: Clock;
  log: Log;
  stalls: StallWatch;
  metrics: GatewayMetrics;
  nextRequestId: () => string;
}

export interface HttpExchange {
  raw: IncomingMessage;
  response: ServerResponse;
  /** As it was sent. */
  target: string;
}

export class S3Service {
  readonly #options: S3ServiceOptions;
  #draining = false;
  readonly #isDraining = () => this.#draining;
  /** By connection: who is to be told when it breaks. */
  readonly #running = new WeakMap<object, Exchange>();

  constructor(options: S3ServiceOptions) {
    this.#options = options;
  }

  /** Answers one request; never rejects but for a broken invariant. */
  async serve({ raw, response, target }: HttpExchange): Promise<void> {
    const { clock, stalls, metrics, nextRequestId } = this.#options;
    const request = readRequest({ raw, target, id: nextRequestId() });
    const exchange = new Exchange({ request, response, clock, stalls, isDraining: this.#isDraining });
    const outcome = { operation: 'none' };
    metrics.inFlight += 1;
    this.#running.set(raw.socket, exchange);
    try {
      await this.#perform(exchange, outcome);
    } catch (error) {
      if (error instanceof InvariantViolation) throw error;
      this.#refuse(exchange, error);
    } finally {
      metrics.inFlight -= 1;
      metrics.receivedBytes += exchange.receivedBytes;
      metrics.sentBytes += exchange.sentBytes;
      metrics.count(outcome.operation, response.headersSent ? response.statusCode : STATUS_CLIENT_GONE);
    }
  }

  /** From now on every answer is the last one on its connection. */
  drain(): void {
    this.#draining = true;
  }

  /** The exchange that a connection is busy with, if any. */
  exchangeOn(socket: object): Exchange | undefined {
    const exchange = this.#running.get(socket);
    return exchange?.response.writableEnded === false ? exchange : undefined;
  }

  #perform(exchange: Exchange, outcome: { operation: string }): Promise<void> {
    const { authenticate, services, domain, metrics } = this.#options;
    demandUnambiguous(exchange.request);
    if (metrics.inFlight > LIMITS.gatewayRequestsInFlightMax) throw new S3Error('SlowDown');
    const principal = authenticate(exchange.request);
    const operation = parseOperation(exchange.request, domain);
    outcome.operation = operation.kind;
    const { client, region, tokens } = services;
    return perform({ client, region, tokens, exchange, principal }, operation);
  }

  #refuse(exchange: Exchange, thrown: unknown): void {
    const { log, metrics } = this.#options;
    const error = toS3Error(thrown);
    const { id } = exchange.request;
    if (exchange.response.headersSent) {
      // The answer was begun: the only honest end is a broken connection.
      if (!exchange.response.destroyed) log.warn({ requestId: id, err: thrown }, 'an answer was broken off');
      metrics.brokenAnswers += 1;
      exchange.break();
      return;
    }
    if (error.status >= 500)
      log.warn({ requestId: id, code: error.code, err: error.cause ?? error }, 'a request failed');
    if (error.code === 'BadRequest') exchange.closeAfterAnswer();
    answerError(exchange, error);
  }
}
