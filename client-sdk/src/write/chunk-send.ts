/**
 * One chunk on its way to all replicas of one volume. Knows three moments: `decided` (the quorum was reached or lost), `rested` (the
 * replicas beyond the quorum have answered or had their extra time), and the end of the last send, when the buffer is let go.
 */
import {
  type CairnError,
  type Channel,
  type Clock,
  type Endpoint,
  type ErrorCode,
  type FailureDomain,
  failpoint,
  type PutChunkRequest,
  type ReplicaLocation,
  type Timer,
  toCairnError,
  type VolumeLocation,
} from '@cairn/core';
import { isAnswer } from './write-failure.ts';
import type { ChunkBuffer } from './write-memory.ts';
import { type QuorumState, quorumState, type ReplicaOutcome } from './write-quorum.ts';

export interface ChunkSendOptions {
  volume: VolumeLocation;
  request: PutChunkRequest;
  buffer: ChunkBuffer;
  writeQuorum: number;
  quorumExtraWaitMs: number;
  deadlineMs: number;
  /** How long after the quorum `abort` cuts what still runs. */
  stragglerMs: number;
  clock: Clock;
  channelTo: (replica: ReplicaLocation) => Channel;
  /** Whether a replica's node failed a moment ago: nobody waits for it beyond the quorum. */
  isFailing: (replica: ReplicaLocation) => boolean;
  onFailed: (replica: ReplicaLocation, code: ErrorCode) => void;
  /** Cuts sends that are still running; only given where their memory is worth it. */
  abort: AbortController | undefined;
}

class ReplicaSend {
  readonly replica: ReplicaLocation;
  outcome: ReplicaOutcome = 'pending';

  constructor(replica: ReplicaLocation) {
    this.replica = replica;
  }

  get domain(): FailureDomain {
    return this.replica.domain;
  }

  get endpoint(): Endpoint {
    return this.replica.endpoint;
  }
}

export class ChunkSend {
  readonly #options: Omit<ChunkSendOptions, 'request'>;
  readonly #sends: ReplicaSend[];
  readonly codes: ErrorCode[] = [];
  /** Whether enough failure domains hold the chunk. */
  readonly decided: Promise<boolean>;
  #decide: (reached: boolean) => void = () => undefined;
  #state: QuorumState = 'waiting';
  #pending: number;
  #acked = 0;
  #everyoneAnswered = true;
  #reachedAtMs = 0;
  #wakeRester: (() => void) | undefined;
  #stragglerTimer: Timer | undefined;
  #isCut = false;

  constructor({ request, ...options }: ChunkSendOptions) {
    this.#options = options;
    const { volume, buffer, deadlineMs, channelTo, abort } = options;
    this.decided = new Promise((resolve) => {
      this.#decide = resolve;
    });
    this.#sends = volume.replicas.map((replica) => new ReplicaSend(replica));
    this.#pending = this.#sends.length;
    buffer.hold();
    const callOptions = { deadlineMs, signal: abort?.signal };
    for (const send of this.#sends) {
      channelTo(send.replica)
        .call('StorageNode.PutChunk', request, callOptions)
        .then(
          () => this.#onAck(send),
          (thrown: unknown) => this.#onFailure(send, toCairnError(thrown)),
        );
    }
  }

  get isRunning(): boolean {
    return this.#pending > 0;
  }

  /** Cuts the sends that still run, because nobody wants the chunk any more. */
  cancel(): void {
    this.#isCut = true;
    this.#options.abort?.abort();
  }

  /**
   * Waits for the replicas beyond the quorum: until all have answered, but no longer than the extra wait, and not for nodes that are
   * known to be failing. To be called once `decided` has said true.
   */
  rest(): Promise<void> {
    const late = this.#late();
    if (late.every(({ replica }) => this.#options.isFailing(replica))) return Promise.resolve();
    const { clock, quorumExtraWaitMs } = this.#options;
    const leftMs = this.#reachedAtMs + quorumExtraWaitMs - clock.monotonic();
    if (leftMs <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = clock.schedule(leftMs, () => {
        this.#wakeRester = undefined;
        resolve();
      });
      this.#wakeRester = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #late(): ReplicaSend[] {
    return this.#pending === 0 ? [] : this.#sends.filter(({ outcome }) => outcome === 'pending');
  }

  #onAck(send: ReplicaSend): void {
    send.outcome = 'acked';
    this.#acked += 1;
    if (this.#acked === 1) failpoint('put.afterFirstAck');
    this.#onOutcome();
  }

  #onFailure(send: ReplicaSend, error: CairnError): void {
    send.outcome = 'failed';
    const code = error.code === 'CANCELLED' && this.#stragglerTimer !== undefined ? 'DEADLINE_EXCEEDED' : error.code;
    this.codes.push(code);
    if (!isAnswer(code)) this.#everyoneAnswered = false;
    if (!this.#isCut) this.#options.onFailed(send.replica, code);
    this.#onOutcome();
  }

  #onOutcome(): void {
    this.#pending -= 1;
    if (this.#state === 'waiting') this.#judge();
    if (this.#pending > 0) return;
    if (this.#state === 'reached') this.#stragglerTimer?.cancel();
    this.#wakeRester?.();
    this.#options.buffer.release({ reusable: this.#everyoneAnswered });
  }

  #judge(): void {
    const { writeQuorum, clock, stragglerMs, abort } = this.#options;
    this.#state = quorumState(this.#sends, writeQuorum);
    if (this.#state === 'waiting') return;
    if (this.#state === 'reached') {
      failpoint('put.afterW');
      if (this.#pending > 0) {
        this.#reachedAtMs = clock.monotonic();
        if (abort !== undefined) {
          const cut = () => abort.abort();
          this.#stragglerTimer = clock.schedule(stragglerMs, cut, { background: true });
        }
      }
    }
    this.#decide(this.#state === 'reached');
  }
}
