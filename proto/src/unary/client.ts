/** The caller's side of unary travel: one gRPC call for each call. For control, where 200 microseconds do not matter. */
import { CairnError, LIMITS, realClock } from '@cairn/core';
import { type Client, type ClientUnaryCall, Metadata } from '@grpc/grpc-js';
import { fromStatus } from '../error-map.ts';
import type { CallRequest } from '../exchange/client-stream.ts';

const asIs = (bytes: Buffer): Buffer => bytes;

export class UnaryCalls {
  readonly #client: Client;
  readonly #authorization: () => string;
  readonly #running = new Set<ClientUnaryCall>();

  constructor(client: Client, authorization: () => string) {
    this.#client = client;
    this.#authorization = authorization;
  }

  async call({ method, request, deadlineMs, signal }: CallRequest): Promise<unknown> {
    if (this.#running.size >= LIMITS.callsInFlightMax) throw new CairnError('OVERLOADED');
    const body = method.request.encode(request);
    if (body.length > LIMITS.messageBytesMax) throw new CairnError('MESSAGE_TOO_LARGE');
    const metadata = new Metadata();
    metadata.set('authorization', this.#authorization());
    const options = { deadline: realClock.now() + deadlineMs };
    const answer = await new Promise<Buffer>((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        method.path,
        asIs,
        asIs,
        body,
        metadata,
        options,
        (error, response) => {
          this.#running.delete(call);
          signal?.removeEventListener('abort', onAbort);
          if (error !== null) reject(fromStatus(error));
          else resolve(response as Buffer);
        },
      );
      const onAbort = () => call.cancel();
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#running.add(call);
    });
    return method.response.decode(answer);
  }

  close(): void {
    for (const call of this.#running) call.cancel();
  }
}
