/** The caller's side of the bulk lane: HTTP/1.1 requests on connections that are kept open. */
import * as http from 'node:http';
import { CairnError, hasCode, LIMITS, realClock, toCairnError } from '@cairn/core';
import { errorFromWire } from '../error-map.ts';
import type { CallRequest } from '../exchange/client-stream.ts';
import { declaredBytes, decodeBody, encodeBody, readBody, sendBody } from './body.ts';
import {
  CLIENT_IDLE_MS,
  CONTENT_TYPE,
  DEADLINE_HEADER,
  ERROR_BODY_BYTES_MAX,
  ERROR_HEADER,
  PATH_PREFIX,
} from './headers.ts';

export type BulkTarget = { socketPath: string } | { host: string; port: number };

const CONNECTIONS_MAX = 64;
/** Credentials are made anew this often: a proof per call would cost both sides an HMAC. */
const AUTHORIZATION_REUSE_MS = 10_000;

export class BulkCalls {
  readonly #target: BulkTarget;
  readonly #authorization: () => string;
  readonly #agent = new http.Agent({
    keepAlive: true,
    maxSockets: CONNECTIONS_MAX,
    timeout: CLIENT_IDLE_MS,
    scheduling: 'lifo',
  });
  readonly #running = new Set<http.ClientRequest>();
  #proof: { text: string; madeAt: number } | undefined;

  constructor(target: BulkTarget, authorization: () => string) {
    this.#target = target;
    this.#authorization = authorization;
  }

  async call(call: CallRequest): Promise<unknown> {
    if (this.#running.size >= LIMITS.callsInFlightMax) throw new CairnError('OVERLOADED');
    const body = encodeBody(call.method.request, call.request);
    const request = http.request({
      ...this.#target,
      agent: this.#agent,
      method: 'POST',
      path: PATH_PREFIX + call.method.name,
      headers: {
        authorization: this.#currentProof(),
        'content-type': CONTENT_TYPE,
        'content-length': body.bytes,
        [DEADLINE_HEADER]: Math.ceil(call.deadlineMs),
      },
    });
    this.#running.add(request);
    let stopped: CairnError | undefined;
    const stop = (code: 'CANCELLED' | 'DEADLINE_EXCEEDED') => {
      stopped = new CairnError(code);
      request.destroy(stopped);
    };
    const onAbort = () => stop('CANCELLED');
    const timer = realClock.schedule(call.deadlineMs, () => stop('DEADLINE_EXCEEDED'), { background: true });
    call.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const answer = responseTo(request);
      sendBody(request, body);
      return decodeBody(call.method.response, await answerBody(await answer));
    } catch (error) {
      if (hasCode(error, 'UNAUTHENTICATED', 'PERMISSION_DENIED', 'UNAVAILABLE')) this.#proof = undefined;
      throw stopped ?? toCairnError(error);
    } finally {
      timer.cancel();
      call.signal?.removeEventListener('abort', onAbort);
      this.#running.delete(request);
    }
  }

  close(): void {
    for (const request of this.#running) request.destroy(new CairnError('UNAVAILABLE', 'the channel is closed'));
    this.#agent.destroy();
  }

  #currentProof(): string {
    const now = realClock.monotonic();
    if (this.#proof === undefined || now - this.#proof.madeAt > AUTHORIZATION_REUSE_MS) {
      this.#proof = { text: this.#authorization(), madeAt: now };
    }
    return this.#proof.text;
  }
}

function responseTo(request: http.ClientRequest): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve);
    request.on('error', (error) => {
      reject(error instanceof CairnError ? error : new CairnError('UNAVAILABLE', error.message, { cause: error }));
    });
  });
}

/** @throws The error that the peer answered with. */
async function answerBody(response: http.IncomingMessage): Promise<Buffer> {
  const code = response.headers[ERROR_HEADER];
  if (response.statusCode === 200) return readBody(response, declaredBytes(response));
  const bytes = declaredBytes(response);
  if (typeof code !== 'string' || bytes > ERROR_BODY_BYTES_MAX) {
    response.destroy();
    throw new CairnError('UNAVAILABLE', `the bulk lane answered with HTTP ${response.statusCode}`);
  }
  const told = (await readBody(response, bytes)).toString();
  let message = told;
  try {
    message = String(JSON.parse(told).message);
  } catch {
    // The code says enough.
  }
  throw errorFromWire(code, message);
}
