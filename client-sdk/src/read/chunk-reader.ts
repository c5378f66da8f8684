/**
 * Reads pieces of chunks: chooses the replicas, learns from those that fail, and after a round in which none had the piece looks
 * where the volume is by now and asks again: once if all answered, a few times if some could not be reached.
 */
import {
  CairnError,
  type ErrorCode,
  type NodeId,
  type ReplicaLocation,
  sleep,
  type VolumeId,
  type VolumeLocation,
} from '@cairn/core';
import type { NodeChannels } from '../node-channels.ts';
import type { NodeHealth } from '../node-health.ts';
import { type ClientPorts, dataDeadlineMs, type Tuning } from '../ports.ts';
import { backoffMs, TokenBudget } from '../retry.ts';
import type { VolumeMap } from '../volume-map.ts';
import type { BadReplicas } from './bad-replicas.ts';
import { NoReplicaError, PieceRace } from './piece-race.ts';
import type { Piece } from './read-plan.ts';
import { orderReplicas } from './replica-order.ts';

export interface ChunkReaderOptions {
  ports: ClientPorts;
  tuning: Tuning;
  nodes: NodeChannels;
  health: NodeHealth;
  volumes: VolumeMap;
  bad: BadReplicas;
  /** Makes sure that nodes will accept this client's credentials; called again when they did not. */
  authorize: (renew: boolean) => Promise<void>;
}

/** Codes of a replica that answered and does not have the bytes. */
const HAS_IT_NOT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CHUNK_NOT_FOUND',
  'CHUNK_CORRUPT',
  'VOLUME_NOT_FOUND',
  'RANGE_INVALID',
]);
const REFUSED: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['UNAUTHENTICATED', 'PERMISSION_DENIED']);
/** Rounds over all replicas, the first one included. */
const ROUNDS_MAX = 6;

export class ChunkReader {
  readonly #options: ChunkReaderOptions;
  readonly #hedges = new TokenBudget({ share: 0.05, perSecond: 0, burst: 10 });
  readonly #retries = new TokenBudget({ share: 0.1, perSecond: 100, burst: 200 });
  #turn = 0;

  constructor(options: ChunkReaderOptions) {
    this.#options = options;
  }

  /**
   * The verified bytes of the piece.
   * @throws OBJECT_DAMAGED when every replica answered and none has them; UNAVAILABLE when some could not be asked; CANCELLED.
   */
  read(piece: Piece, signal?: AbortSignal): Promise<Uint8Array> {
    const { volumeId } = piece.chunk;
    const { volumes } = this.#options;
    const known = volumes.known(volumeId);
    if (known === undefined) return this.#readAnew(piece, signal, undefined);
    volumes.doubtIfOld(volumeId);
    return this.#race(piece, known, signal).catch((error: unknown) => {
      if (!(error instanceof NoReplicaError)) throw error;
      return this.#readAnew(piece, signal, error);
    });
  }

  /** Tells the leader that every replica lacks this piece, though the object is still there. */
  reportMissing(piece: Piece): void {
    const { bad, volumes } = this.#options;
    const { volumeId, chunkId } = piece.chunk;
    for (const { nodeId } of volumes.known(volumeId)?.replicas ?? []) {
      bad.found({ volumeId, nodeId, chunkId, code: 'CHUNK_NOT_FOUND' });
    }
  }

  /** @param before What the round with the known location ended with, if there was one. */
  async #readAnew(
    piece: Piece,
    signal: AbortSignal | undefined,
    before: NoReplicaError | undefined,
  ): Promise<Uint8Array> {
    const { ports, authorize } = this.#options;
    let failed = before;
    for (let round = failed === undefined ? 1 : 2; ; round++) {
      await authorize(failed?.codes.some((code) => REFUSED.has(code)) ?? false);
      try {
        return await this.#race(piece, await this.#whereIs(piece.chunk.volumeId), signal);
      } catch (error) {
        if (!(error instanceof NoReplicaError)) throw error;
        failed = error;
      }
      const everyoneAnswered = failed.codes.every((code) => HAS_IT_NOT.has(code));
      if (everyoneAnswered || round >= ROUNDS_MAX || !this.#retries.spend(ports.clock.monotonic())) break;
      await sleep(ports.clock, backoffMs(round + 1, ports.random.fraction()), signal).catch((cause: unknown) => {
        throw new CairnError('CANCELLED', undefined, { cause });
      });
    }
    throw verdict(piece, failed);
  }

  /** A volume that the leader does not know any more has no replicas. */
  async #whereIs(volumeId: VolumeId): Promise<VolumeLocation> {
    return await this.#options.volumes.refresh(volumeId).catch((error: unknown) => {
      if (error instanceof CairnError && error.code === 'VOLUME_NOT_FOUND') {
        return { volumeId, generation: 0, replicas: [] };
      }
      throw error;
    });
  }

  #race(piece: Piece, location: VolumeLocation, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const { ports, tuning, nodes } = this.#options;
    this.#hedges.earn();
    this.#retries.earn();
    this.#turn += 1;
    let missing: ReplicaLocation[] | undefined;
    const race = new PieceRace({
      piece,
      replicas: orderReplicas({
        replicas: location.replicas,
        hostId: tuning.hostId,
        penaltyOf: (nodeId) => this.#penaltyOf(piece, nodeId),
        turn: this.#turn,
      }),
      clock: ports.clock,
      hedgeAfterMs: tuning.hedgeAfterMs,
      deadlineMs: dataDeadlineMs(tuning),
      signal,
      channelTo: (replica) => nodes.to(replica.endpoint),
      mayHedge: (slow) => this.#mayHedge(slow),
      onFailed: (replica, code) => {
        if (code === 'CHUNK_NOT_FOUND') {
          missing ??= [];
          missing.push(replica);
        }
        this.#onFailed(piece, replica, code);
      },
      onWonLate: () => this.#onWonLate(piece, missing ?? []),
    });
    return race.run();
  }

  #penaltyOf(piece: Piece, nodeId: NodeId): number {
    if (this.#options.bad.has(nodeId, piece.chunk.chunkId)) return 2;
    return this.#options.health.isFailing(nodeId) ? 1 : 0;
  }

  #mayHedge(slow: ReplicaLocation): boolean {
    this.#options.health.failed(slow.nodeId);
    return this.#hedges.spend(0);
  }

  #onFailed(piece: Piece, replica: ReplicaLocation, code: ErrorCode): void {
    const { bad, health, volumes } = this.#options;
    const { volumeId, chunkId } = piece.chunk;
    if (code === 'CHUNK_CORRUPT') bad.found({ volumeId, nodeId: replica.nodeId, chunkId, code });
    else volumes.doubt(volumeId);
    if (!HAS_IT_NOT.has(code) && !REFUSED.has(code)) health.failed(replica.nodeId);
  }

  /**
   * A chunk that no replica has may just be one of an object that was replaced meanwhile. One that another replica still has is
   * missing where it should be.
   */
  #onWonLate(piece: Piece, missing: readonly ReplicaLocation[]): void {
    const { volumeId, chunkId } = piece.chunk;
    for (const { nodeId } of missing) {
      this.#options.bad.found({ volumeId, nodeId, chunkId, code: 'CHUNK_NOT_FOUND' });
    }
  }
}

function verdict(piece: Piece, error: NoReplicaError): CairnError {
  const { volumeId, chunkId } = piece.chunk;
  const where = `chunk ${chunkId} of volume ${volumeId}: ${error.codes.join(', ') || 'it has no replicas'}`;
  const refusal = error.codes.find((code) => REFUSED.has(code));
  if (refusal !== undefined) return new CairnError(refusal, where, { cause: error });
  const isDamaged = error.codes.every((code) => HAS_IT_NOT.has(code));
  return new CairnError(isDamaged ? 'OBJECT_DAMAGED' : 'UNAVAILABLE', where, { cause: error });
}
