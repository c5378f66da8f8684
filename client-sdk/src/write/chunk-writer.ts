/**
 * Puts chunks into volumes until one holds it safely: the same bytes go, under a new chunk id, into one granted volume after the other,
 * for a bounded number of times and a bounded time. What refused it is reported, which is also how fresh grants come.
 */
import {
  blockChecksums,
  CairnError,
  type ChunkReference,
  type ErrorCode,
  hasCode,
  LIMITS,
  type ReplicaLocation,
  sleep,
  type VersionId,
  type VolumeId,
  type VolumeLocation,
} from '@cairn/core';
import type { NodeChannels } from '../node-channels.ts';
import type { NodeHealth } from '../node-health.ts';
import { type ClientPorts, dataDeadlineMs } from '../ports.ts';
import { backoffMs } from '../retry.ts';
import type { Session } from '../session.ts';
import type { SessionKeeper } from '../session-keeper.ts';
import { ChunkSend } from './chunk-send.ts';
import { chooseGrant } from './grant-choice.ts';
import { isAnswer, meaningOf, quorumError } from './write-failure.ts';
import type { ChunkBuffer } from './write-memory.ts';

const ROUNDS_MAX = 8;
/** After the quorum, a large send is cut off when it has not ended after this many extra waits: it holds memory that others need. */
const STRAGGLER_WAITS = 8;

export interface ChunkWriterOptions {
  ports: ClientPorts;
  nodes: NodeChannels;
  health: NodeHealth;
  sessions: SessionKeeper;
  rpcDeadlineMs: number;
}

export interface ChunkToWrite {
  session: Session;
  versionId: VersionId;
  chunkIndex: number;
  buffer: ChunkBuffer;
  signal: AbortSignal | undefined;
}

export interface WrittenChunk {
  reference: ChunkReference;
  /** Its replicas beyond the quorum may still be at it. */
  send: ChunkSend;
}

export class ChunkWriter {
  readonly #options: ChunkWriterOptions;

  constructor(options: ChunkWriterOptions) {
    this.#options = options;
  }

  /**
   * Takes over the caller's hold on the buffer.
   * @throws WRITE_QUORUM_UNAVAILABLE, STORAGE_FULL, SESSION_NOT_FOUND, CANCELLED, or what the caller did wrong.
   */
  async write(chunk: ChunkToWrite): Promise<WrittenChunk> {
    try {
      const volume = this.#choose(chunk.session);
      if (volume !== undefined) {
        const first = this.#send(chunk, volume);
        if (await first.send.decided) return first;
        return await this.#writeElsewhere(chunk, { volumeId: volume.volumeId, codes: first.send.codes });
      }
      return await this.#writeElsewhere(chunk, undefined);
    } finally {
      chunk.buffer.release();
    }
  }

  async #writeElsewhere(
    chunk: ChunkToWrite,
    failed: { volumeId: VolumeId; codes: ErrorCode[] } | undefined,
  ): Promise<WrittenChunk> {
    const { clock } = this.#options.ports;
    const giveUpAtMs = clock.monotonic() + 1.5 * dataDeadlineMs(this.#options);
    const tried = new Set<VolumeId>();
    let codes: ErrorCode[] = failed?.codes ?? [];
    if (failed !== undefined) tried.add(failed.volumeId);
    for (let round = 1; round < ROUNDS_MAX && clock.monotonic() < giveUpAtMs; round++) {
      throwIfHopeless(chunk, codes);
      const volume = this.#choose(chunk.session, tried) ?? (await this.#freshGrant(chunk, round));
      if (volume === undefined) continue;
      const { reference, send } = this.#send(chunk, volume);
      if (await send.decided) return { reference, send };
      tried.add(volume.volumeId);
      codes = send.codes;
    }
    throwIfHopeless(chunk, codes);
    throw quorumError(codes);
  }

  /** After all grants were tried: asks the leader for others. The pause grows, and a volume that refused before may be tried again. */
  async #freshGrant(chunk: ChunkToWrite, round: number): Promise<VolumeLocation | undefined> {
    const { ports, sessions } = this.#options;
    if (round > 1) {
      await sleep(ports.clock, backoffMs(round + 1, ports.random.fraction()), chunk.signal).catch((cause: unknown) => {
        throw new CairnError('CANCELLED', undefined, { cause });
      });
    }
    await sessions.renew().catch((error: unknown) => {
      // Nodes come back within seconds of a restart, so this answer ends a round and not yet the put.
      if (!hasCode(error, 'WRITE_QUORUM_UNAVAILABLE')) throw error;
    });
    return this.#choose(chunk.session);
  }

  #choose(session: Session, tried?: ReadonlySet<VolumeId>): VolumeLocation | undefined {
    const { grants, writeQuorum } = session;
    return chooseGrant({ grants, writeQuorum, tried, isFailing: this.#options.health.isFailing });
  }

  #send(chunk: ChunkToWrite, volume: VolumeLocation): WrittenChunk {
    const { session, versionId, chunkIndex, buffer, signal } = chunk;
    const { ports, nodes, health, rpcDeadlineMs } = this.#options;
    const payload = buffer.bytes;
    const chunkId = session.newChunkId();
    const { volumeId, generation } = volume;
    const checksums = blockChecksums(chunkId, payload);
    const isWorthCutting = payload.length > LIMITS.packedPayloadBytesMax || signal !== undefined;
    const send = new ChunkSend({
      volume,
      request: { volumeId, generation, chunkId, versionId, chunkIndex, blockChecksums: checksums, payload },
      buffer,
      writeQuorum: session.writeQuorum,
      quorumExtraWaitMs: session.quorumExtraWaitMs,
      deadlineMs: dataDeadlineMs(this.#options),
      stragglerMs: Math.max(rpcDeadlineMs, STRAGGLER_WAITS * session.quorumExtraWaitMs),
      clock: ports.clock,
      channelTo: (replica) => nodes.to(replica.endpoint),
      isFailing: (replica) => health.isFailing(replica.nodeId),
      onFailed: (replica, code) => this.#onFailed({ session, volume, replica, code }),
      abort: isWorthCutting ? new AbortController() : undefined,
    });
    if (signal !== undefined) cancelWith(signal, send);
    return { reference: { volumeId, chunkId, bytes: payload.length }, send };
  }

  #onFailed(failed: { session: Session; volume: VolumeLocation; replica: ReplicaLocation; code: ErrorCode }): void {
    const { session, volume, replica, code } = failed;
    const { sessions, health, ports } = this.#options;
    const meaning = meaningOf(code);
    const where = { volumeId: volume.volumeId, nodeId: replica.nodeId, code };
    if (!isAnswer(code)) health.failed(replica.nodeId);
    if (meaning === 'caller') return;
    if (meaning === 'replica') ports.log.warn(where, 'a replica failed a write');
    if (meaning !== 'session') session.avoid(volume.volumeId);
    const isReport = meaning === 'replica' || meaning === 'volume';
    if (isReport && sessions.current === session) sessions.report(where);
    else sessions.renew().catch(() => undefined);
  }
}

function cancelWith(signal: AbortSignal, send: ChunkSend): void {
  const onAbort = () => send.cancel();
  signal.addEventListener('abort', onAbort, { once: true });
  const forget = () => signal.removeEventListener('abort', onAbort);
  send.decided.then(forget);
}

function throwIfHopeless(chunk: ChunkToWrite, codes: readonly ErrorCode[]): void {
  if (chunk.signal?.aborted) throw new CairnError('CANCELLED', undefined, { cause: chunk.signal.reason });
  if (chunk.session.isGone) throw new CairnError('SESSION_NOT_FOUND');
  const fault = codes.find((code) => meaningOf(code) === 'caller');
  if (fault !== undefined) throw new CairnError(fault, `storage nodes refused the chunk: ${fault}`);
}
