/** The roles by name: each door is loaded only in the process that needs it, so that a gateway never loads a store. */
import type { RolePorts, RunningRole, Schema } from '@cairn/core';
import type { RoleName } from '../dev/endpoints.ts';

export interface RoleDoor {
  schema: Schema;
  /** @param config What the schema parsed. */
  start(config: never, ports: RolePorts): Promise<RunningRole>;
}

export const ROLE_DOORS: Record<RoleName, () => Promise<RoleDoor>> = {
  'metadata-server': async () => {
    const door = await import('@cairn/metadata-server');
    return { schema: door.metadataServerSchema, start: door.startMetadataServer };
  },
  'storage-node': async () => {
    const door = await import('@cairn/storage-node');
    return { schema: door.storageNodeSchema, start: door.startStorageNode };
  },
  gateway: async () => {
    const door = await import('@cairn/gateway');
    return { schema: door.gatewaySchema, start: door.startGateway };
  },
};
