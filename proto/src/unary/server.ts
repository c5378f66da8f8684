/** The callee's side of unary travel. Its caller was admitted before the request was read. */
import { CairnError, type CallContext, LIMITS, type Principal } from '@cairn/core';
import type { handleUnaryCall, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import type { Admission } from '../admission.ts';
import { toStatus } from '../error-map.ts';
import { failureOf, responseFailureOf, type ServedMethod } from '../served.ts';

type Call = ServerUnaryCall<Buffer, Buffer>;

/** gRPC tells of cancellation, of the deadline and of a broken connection in the same way, and of a call that was answered too. */
class UnaryContext implements CallContext {
  readonly principal: Principal;
  readonly #call: Call;
  #signal: AbortSignal | undefined;
  #answered = false;

  constructor(call: Call, principal: Principal) {
    this.#call = call;
    this.principal = principal;
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const abort = new AbortController();
      this.#signal = abort.signal;
      const onCancelled = () => {
        if (!this.#answered) abort.abort(new CairnError('CANCELLED'));
      };
      if (this.#call.cancelled) onCancelled();
      else this.#call.once('cancelled', onCancelled);
    }
    return this.#signal;
  }

  answered(): void {
    this.#answered = true;
  }
}

export function unaryHandler(method: ServedMethod, admission: Admission): handleUnaryCall<Buffer, Buffer> {
  const answer = async (call: Call): Promise<Buffer> => {
    const request = method.wire.request.decode(call.request);
    const context = new UnaryContext(call, admission.principalOf(call.metadata));
    try {
      return encoded(method, await method.handle(request, context));
    } finally {
      context.answered();
    }
  };
  return (call: Call, callback: sendUnaryData<Buffer>) => {
    answer(call).then(
      (response) => callback(null, response),
      (error) => callback(toStatus(failureOf(error))),
    );
  };
}

function encoded(method: ServedMethod, response: unknown): Buffer {
  try {
    const bytes = method.wire.response.encode(response);
    if (bytes.length > LIMITS.messageBytesMax) throw new CairnError('MESSAGE_TOO_LARGE');
    return bytes;
  } catch (error) {
    throw responseFailureOf(error);
  }
}
