/**
 * One piece from whichever replica gives it verified first. Replicas are asked one after the other: the next one when one fails, or,
 * as a hedge, when one is slow. An answer counts only after every block of it was verified.
 */
import {
  CairnError,
  type Channel,
  type Clock,
  type ErrorCode,
  type GetChunkResponse,
  LIMITS,
  type ReplicaLocation,
  type Timer,
  toCairnError,
} from '@cairn/core';
import { verifiedBytes } from './piece-check.ts';
import type { Piece } from './read-plan.ts';

export interface PieceRaceOptions {
  piece: Piece;
  /** Best first. */
  replicas: readonly ReplicaLocation[];
  clock: Clock;
  hedgeAfterMs: number;
  deadlineMs: number;
  signal: AbortSignal | undefined;
  channelTo: (replica: ReplicaLocation) => Channel;
  /** Whether a second replica may be asked because this one is slow. */
  mayHedge: (slow: ReplicaLocation) => boolean;
  onFailed: (replica: ReplicaLocation, code: ErrorCode) => void;
  /** One gave the piece after others had failed. */
  onWonLate: () => void;
}

/** No replica gave the piece. */
export class NoReplicaError extends CairnError {
  readonly codes: readonly ErrorCode[];

  constructor(codes: readonly ErrorCode[]) {
    super('UNAVAILABLE', `no replica gave the piece: ${codes.join(', ') || 'there are none'}`);
    this.codes = codes;
  }
}

export class PieceRace {
  readonly #options: PieceRaceOptions;
  readonly #codes: ErrorCode[] = [];
  /** Cuts the losers. Small answers are not worth it: they are on their way before a cut could arrive. */
  readonly #losers: AbortController | undefined;
  readonly #callOptions: { deadlineMs: number; signal: AbortSignal | undefined };
  #asked = 0;
  #running = 0;
  #isOver = false;
  #hedgeTimer: Timer | undefined;
  #win: (bytes: Uint8Array) => void = () => undefined;
  #lose: (error: unknown) => void = () => undefined;

  constructor(options: PieceRaceOptions) {
    this.#options = options;
    const { piece, signal, deadlineMs } = options;
    if (piece.length > LIMITS.packedPayloadBytesMax) this.#losers = new AbortController();
    this.#callOptions = { deadlineMs, signal: this.#losers?.signal ?? signal };
  }

  /** @throws CANCELLED when the signal is aborted; NoReplicaError when no replica has it. */
  run(): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#win = resolve;
      this.#lose = reject;
      if (this.#options.signal?.aborted) {
        this.#onAbort();
        return;
      }
      if (this.#losers !== undefined) this.#options.signal?.addEventListener('abort', this.#onAbort, { once: true });
      if (!this.#askNext()) this.#end(() => reject(new NoReplicaError([])));
    });
  }

  #askNext(): boolean {
    const { replicas, piece, channelTo } = this.#options;
    const replica = replicas[this.#asked];
    if (replica === undefined) return false;
    this.#asked += 1;
    this.#running += 1;
    const { chunk, offset, length } = piece;
    const request = { volumeId: chunk.volumeId, chunkId: chunk.chunkId, offset, length };
    channelTo(replica)
      .call('StorageNode.GetChunk', request, this.#callOptions)
      .then(
        (answer) => this.#onAnswer(replica, answer),
        (thrown: unknown) => this.#onFailure(replica, toCairnError(thrown).code),
      );
    this.#watch(replica);
    return true;
  }

  #watch(replica: ReplicaLocation): void {
    const { clock, hedgeAfterMs, mayHedge, replicas } = this.#options;
    this.#hedgeTimer?.cancel();
    this.#hedgeTimer = clock.schedule(hedgeAfterMs, () => {
      const hasNext = this.#asked < replicas.length;
      if (!this.#isOver && hasNext && mayHedge(replica)) this.#askNext();
    });
  }

  #onAnswer(replica: ReplicaLocation, answer: GetChunkResponse): void {
    if (this.#isOver) return;
    const bytes = verifiedBytes(this.#options.piece, answer);
    if (bytes === undefined) {
      this.#onFailure(replica, 'CHUNK_CORRUPT');
    } else {
      if (this.#codes.length > 0) this.#options.onWonLate();
      this.#end(() => this.#win(bytes));
    }
  }

  #onFailure(replica: ReplicaLocation, code: ErrorCode): void {
    if (this.#isOver) return;
    this.#running -= 1;
    if (this.#options.signal?.aborted) {
      this.#onAbort();
      return;
    }
    this.#codes.push(code);
    this.#options.onFailed(replica, code);
    if (!this.#askNext() && this.#running === 0) this.#end(() => this.#lose(new NoReplicaError(this.#codes)));
  }

  readonly #onAbort = (): void => {
    const cause = this.#options.signal?.reason;
    this.#end(() => this.#lose(new CairnError('CANCELLED', undefined, { cause })));
  };

  #end(settle: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#hedgeTimer?.cancel();
    if (this.#losers !== undefined) {
      this.#options.signal?.removeEventListener('abort', this.#onAbort);
      if (this.#running > 1 || this.#options.signal?.aborted) this.#losers.abort();
    }
    settle();
  }
}
