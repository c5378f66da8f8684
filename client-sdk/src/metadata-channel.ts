/**
 * Calls to the metadata service: follows the leader through a list of addresses and retries what is replayable. Reads are; so is a
 * commit, because its id makes it take effect once. Reads pay for retries from a budget, commits always get theirs: giving up
 * on one leaves its caller in the dark.
 *
 * Nothing is added to a call that succeeds at once: the deadline of all tries starts with the first failure.
 */
import {
  CairnError,
  type Channel,
  type ErrorCode,
  endpointOf,
  type MethodName,
  type RequestOf,
  type ResponseOf,
  sleep,
  toCairnError,
} from '@cairn/core';
import type { ClientPorts } from './ports.ts';
import { backoffMs, TokenBudget } from './retry.ts';

export interface MetadataChannelOptions {
  /** `host:port` of each metadata server, the leader among them. */
  addresses: readonly string[];
  authorization: () => string;
  ports: ClientPorts;
  rpcDeadlineMs: number;
}

type Method = MethodName & `MetadataServer.${string}`;

/** Codes after which the same request may succeed a little later. Others are an answer, even if another request might succeed. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'LEADER_UNKNOWN',
  'OVERLOADED',
]);
/** Codes after which nobody knows whether the request took effect. */
const AMBIGUOUS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['UNAVAILABLE', 'DEADLINE_EXCEEDED']);
/** Codes that say: ask another server. */
const NOT_HERE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'LEADER_UNKNOWN']);

/** A leader that restarts, or a standby that takes over, is there again within this. */
const READ_PATIENCE_MS = 10_000;
const COMMIT_PATIENCE_MS = 20_000;

interface Try<M extends Method> {
  method: M;
  request: RequestOf<M>;
  signal: AbortSignal | undefined;
  /** Where the failed try went. */
  server: number;
}

export class MetadataChannel {
  readonly #ports: ClientPorts;
  readonly #channels: Channel[];
  readonly #rpcDeadlineMs: number;
  readonly #budget = new TokenBudget({ share: 0.1, perSecond: 100, burst: 200 });
  readonly #closed = new AbortController();
  #leader = 0;

  constructor({ addresses, authorization, ports, rpcDeadlineMs }: MetadataChannelOptions) {
    if (addresses.length === 0) throw new CairnError('CONFIG_INVALID', 'metadata: no address of a metadata server');
    this.#ports = ports;
    this.#rpcDeadlineMs = rpcDeadlineMs;
    this.#channels = addresses.map((address) =>
      ports.transport.connect({ endpoint: endpointOf(address), authorization }),
    );
  }

  /** A call that may be repeated without harm. */
  call<M extends Method>(method: M, request: RequestOf<M>, signal?: AbortSignal): Promise<ResponseOf<M>> {
    this.#budget.earn();
    const server = this.#leader;
    return this.#send({ method, request, signal, server }).catch((error: unknown) =>
      this.#retry({ method, request, signal, server }, toCairnError(error)),
    );
  }

  close(): void {
    this.#closed.abort(new CairnError('CANCELLED', 'the client was closed'));
    for (const channel of this.#channels) channel.close();
  }

  #send<M extends Method>({ method, request, signal, server }: Try<M>): Promise<ResponseOf<M>> {
    const channel = this.#channels[server] as Channel;
    return channel.call(method, request, { deadlineMs: this.#rpcDeadlineMs, signal });
  }

  async #retry<M extends Method>(failed: Try<M>, first: CairnError): Promise<ResponseOf<M>> {
    const { clock, random } = this.#ports;
    const isCommit = failed.method === 'MetadataServer.Commit';
    const patienceMs = isCommit ? Math.max(COMMIT_PATIENCE_MS, 6 * this.#rpcDeadlineMs) : 3 * this.#rpcDeadlineMs;
    const giveUpAtMs = clock.monotonic() + Math.max(READ_PATIENCE_MS, patienceMs);
    let isAmbiguous = false;
    let error = first;
    let { server } = failed;
    for (let attempt = 1; ; attempt++) {
      if (!PASSING.has(error.code)) throw isAmbiguous ? afterAmbiguity(error) : error;
      isAmbiguous ||= AMBIGUOUS.has(error.code);
      if (NOT_HERE.has(error.code)) this.#leave(server);
      const pauseMs = backoffMs(attempt, random.fraction());
      const isOver = this.#closed.signal.aborted || clock.monotonic() + pauseMs > giveUpAtMs;
      if (isOver) throw isAmbiguous ? afterAmbiguity(error) : error;
      if (!isCommit && !this.#budget.spend(clock.monotonic())) throw error;
      await this.#pause(pauseMs, failed.signal);
      server = this.#leader;
      try {
        return await this.#send({ ...failed, server });
      } catch (thrown) {
        error = toCairnError(thrown);
      }
    }
  }

  /** Goes on to the next server, unless another call did already. */
  #leave(server: number): void {
    if (this.#leader === server) this.#leader = (server + 1) % this.#channels.length;
  }

  async #pause(pauseMs: number, signal: AbortSignal | undefined): Promise<void> {
    const closed = this.#closed.signal;
    const either = signal === undefined ? closed : AbortSignal.any([signal, closed]);
    await sleep(this.#ports.clock, pauseMs, either).catch((cause: unknown) => {
      throw cause instanceof CairnError ? cause : new CairnError('CANCELLED', undefined, { cause });
    });
  }
}

/** Codes that would claim, after an earlier try may have taken effect, that the change was not made. */
const CLAIMS_NOTHING_HAPPENED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  // A session that is gone has no recorded results.
  'SESSION_NOT_FOUND',
  // Who does not lead, or is overloaded, did not look.
  'LEADER_UNKNOWN',
  'OVERLOADED',
]);

function afterAmbiguity(error: CairnError): CairnError {
  if (!CLAIMS_NOTHING_HAPPENED.has(error.code)) return error;
  const detail = `the outcome is unknown: no answer came, and then ${error.code}`;
  return new CairnError('UNAVAILABLE', detail, { cause: error });
}
