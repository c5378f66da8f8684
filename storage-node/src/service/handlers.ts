/** The service StorageNode: what the leader commands carries its epoch, which is persisted before it is obeyed. */
import { CairnError, type Handler, type HandlersOf, parseChunkId, parseVolumeId } from '@cairn/core';
import { HEAD_BYTES_MIN } from '../format/record.ts';
import { getChunk } from './get-chunk.ts';
import type { NodeParts } from './node-parts.ts';
import { isUint32, putChunk } from './put-chunk.ts';

export function storageNodeHandlers(parts: NodeParts): HandlersOf<'StorageNode'> {
  return {
    CreateVolume: createVolume(parts),
    SealVolume: sealVolume(parts),
    PutChunk: putChunk(parts),
    GetChunk: getChunk(parts),
    DeleteChunks: deleteChunks(parts),
  };
}

function createVolume({ identity, space, volumes }: NodeParts): Handler<'StorageNode.CreateVolume'> {
  return async ({ epoch, volumeId, generation }) => {
    const id = parseVolumeId(volumeId);
    checkGeneration(generation);
    await identity.acceptEpoch(epoch);
    space.demand(HEAD_BYTES_MIN);
    await volumes.create(id, generation);
    return {};
  };
}

function sealVolume({ identity, volumes, log }: NodeParts): Handler<'StorageNode.SealVolume'> {
  return async ({ epoch, volumeId, generation }) => {
    checkGeneration(generation);
    await identity.acceptEpoch(epoch);
    const volume = volumes.get(volumeId);
    await volume.seal(generation);
    log.info({ volumeId, generation }, 'volume sealed');
    return { volume: volume.report() };
  };
}

function deleteChunks({ identity, volumes, traffic }: NodeParts): Handler<'StorageNode.DeleteChunks'> {
  return async ({ epoch, volumeId, chunkIds }) => {
    const ids = chunkIds.map(parseChunkId);
    await identity.acceptEpoch(epoch);
    await volumes.get(volumeId).delete(ids);
    traffic.deletes += ids.length;
    return {};
  };
}

function checkGeneration(generation: number): void {
  if (!isUint32(generation)) throw new CairnError('INVALID_ARGUMENT', `not a generation: ${generation}`);
}
