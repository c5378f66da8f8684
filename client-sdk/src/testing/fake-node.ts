/**
 * A storage node that keeps chunks in a map: it checks what a real one checks, and a test can see what it holds and make it fail.
 */
import {
  CairnError,
  type CallContext,
  type Endpoint,
  type FailureDomain,
  firstBadBlock,
  type GetChunkRequest,
  type GetChunkResponse,
  type HandlersOf,
  LIMITS,
  type NodeId,
  type NodeState,
  type PutChunkRequest,
  type VolumeId,
} from '@cairn/core';

export interface HeldChunk extends PutChunkRequest {
  payload: Uint8Array;
}

export class FakeNode {
  readonly id: NodeId;
  readonly domain: FailureDomain;
  endpoint: Endpoint | undefined;
  state: NodeState = 'alive';
  /** volume -> chunk id -> chunk */
  readonly volumes = new Map<VolumeId, Map<string, HeldChunk>>();
  readonly sealed = new Set<VolumeId>();
  /** Called before a put is stored; may throw, or take its time. */
  onPut: (request: PutChunkRequest, context: CallContext) => void | Promise<void> = () => undefined;
  /** Called with a get's answer before it leaves; may throw, take its time, or change the answer. */
  onGet: (
    request: GetChunkRequest,
    answer: GetChunkResponse,
    context: CallContext,
  ) => GetChunkResponse | Promise<GetChunkResponse> = (_request, answer) => answer;
  puts = 0;
  gets = 0;

  constructor(id: NodeId) {
    this.id = id;
    this.domain = { zone: 'z', rack: 'r', host: id };
  }

  get handlers(): Pick<HandlersOf<'StorageNode'>, 'PutChunk' | 'GetChunk'> {
    return { PutChunk: (request, context) => this.#put(request, context), GetChunk: (r, c) => this.#get(r, c) };
  }

  holds(volumeId: VolumeId, chunkId: string): HeldChunk | undefined {
    return this.volumes.get(volumeId)?.get(chunkId);
  }

  async #put(request: PutChunkRequest, context: CallContext): Promise<Record<string, never>> {
    this.puts += 1;
    await this.onPut(request, context);
    if (context.signal.aborted) throw new CairnError('CANCELLED');
    const volume = this.volumes.get(request.volumeId);
    if (volume === undefined) throw new CairnError('VOLUME_NOT_FOUND');
    if (this.sealed.has(request.volumeId)) throw new CairnError('VOLUME_SEALED');
    const { chunkId, payload, blockChecksums } = request;
    if (firstBadBlock({ id: chunkId, bytes: payload, checksums: blockChecksums }) !== -1) {
      throw new CairnError('CHUNK_CORRUPT');
    }
    volume.set(chunkId, request);
    return {};
  }

  async #get(request: GetChunkRequest, context: CallContext): Promise<GetChunkResponse> {
    this.gets += 1;
    const chunk = this.holds(request.volumeId, request.chunkId);
    if (!this.volumes.has(request.volumeId)) throw new CairnError('VOLUME_NOT_FOUND');
    if (chunk === undefined) throw new CairnError('CHUNK_NOT_FOUND');
    const { blockBytes } = LIMITS;
    const first = Math.floor(request.offset / blockBytes);
    const last = Math.ceil((request.offset + request.length) / blockBytes);
    const answer = {
      chunkBytes: chunk.payload.length,
      payloadOffset: first * blockBytes,
      blockChecksums: chunk.blockChecksums.slice(first * 8, last * 8),
      payload: chunk.payload.slice(first * blockBytes, last * blockBytes),
    };
    return await this.onGet(request, answer, context);
  }
}

/** Waits until the caller has given up. */
export function forever(context: CallContext): Promise<never> {
  return new Promise((_resolve, reject) => {
    context.signal.addEventListener('abort', () => reject(new CairnError('CANCELLED')));
  });
}
