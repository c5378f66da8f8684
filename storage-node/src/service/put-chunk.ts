/** PutChunk: one chunk, verified, appended and synced before the answer. */
import {
  CairnError,
  type CallContext,
  firstBadBlock,
  type Handler,
  LIMITS,
  type PutChunkRequest,
  parseChunkId,
  parseVersionId,
  sessionOf,
} from '@cairn/core';
import { recordBytes } from '../format/record.ts';
import type { NodeParts } from './node-parts.ts';

/** Entries that wait for the index: about 100 bytes each. */
const INDEX_BACKLOG_MAX = 256 * 1024;
const UINT32_MAX = 0xffff_ffff;

export function putChunk(parts: NodeParts): Handler<'StorageNode.PutChunk'> {
  const { volumes, memory, space, traffic } = parts;
  return async (request, context) => {
    try {
      check(request);
      authorize(request, context);
      refuseWhileUnfit(parts);
      const volume = volumes.get(request.volumeId);
      const leave = await memory.enter(request.payload.length, context.signal);
      try {
        const { chunkId, payload, blockChecksums } = request;
        const bad = firstBadBlock({ id: chunkId, bytes: payload, checksums: blockChecksums });
        if (bad >= 0) throw new CairnError('CHUNK_CORRUPT', `block ${bad} does not match its checksum as it arrived`);
        const bytes = recordBytes('chunk', payload.length);
        space.demand(bytes);
        await volume.put(request);
        space.took(bytes);
      } finally {
        leave();
      }
    } catch (thrown) {
      traffic.putsRefused += 1;
      throw thrown;
    }
    traffic.puts += 1;
    traffic.putBytes += request.payload.length;
    return {};
  };
}

function check({ chunkId, versionId, chunkIndex, generation, payload }: PutChunkRequest): void {
  parseChunkId(chunkId);
  parseVersionId(versionId);
  if (!isUint32(chunkIndex)) throw new CairnError('INVALID_ARGUMENT', `not a chunk index: ${chunkIndex}`);
  if (!isUint32(generation)) throw new CairnError('INVALID_ARGUMENT', `not a generation: ${generation}`);
  if (payload.length > LIMITS.chunkBytesMax) throw new CairnError('MESSAGE_TOO_LARGE');
}

/** A session's token is good for chunks of its own only. */
function authorize({ chunkId }: PutChunkRequest, { principal }: CallContext): void {
  if (principal.kind === 'session' && sessionOf(chunkId) !== principal.sessionId) {
    throw new CairnError('PERMISSION_DENIED', 'the chunk id belongs to another session');
  }
}

function refuseWhileUnfit({ fencedBecause, writer }: NodeParts): void {
  const fenced = fencedBecause();
  if (fenced !== undefined) throw new CairnError('NODE_READ_ONLY', fenced);
  if (writer.failure !== undefined) throw writer.failure;
  if (writer.backlog > INDEX_BACKLOG_MAX) throw new CairnError('OVERLOADED', 'the index lies behind');
}

export function isUint32(number: number): boolean {
  return Number.isInteger(number) && number >= 0 && number <= UINT32_MAX;
}
