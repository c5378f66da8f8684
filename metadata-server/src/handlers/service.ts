/** The service MetadataServer: every method of the closed table, answered by the leader. */
import type { HandlersOf } from '@cairn/core';
import type { Leader } from '../leader.ts';
import { getObject } from '../reads/get-object.ts';
import { nodesOf, statusOf, volumesOf } from '../status.ts';
import { handleCommit } from './commit-handler.ts';
import { handleHeartbeat, handleRegisterNode } from './node-handlers.ts';
import { handleGetBucket, handleListObjects, handleLookupVolumes, handleReportChunk } from './read-handlers.ts';
import { handleCloseSession, handleOpenSession, handleRenewSession } from './session-handlers.ts';

/** @param leading The leader, or throws LEADER_UNKNOWN while this server does not lead. */
export function metadataServerHandlers(leading: () => Leader): HandlersOf<'MetadataServer'> {
  return {
    RegisterNode: async (request) => handleRegisterNode(leading(), request),
    Heartbeat: async (request) => handleHeartbeat(leading(), request),
    OpenSession: async (_request, context) => handleOpenSession(leading(), context),
    RenewSession: async (request, context) => handleRenewSession(leading(), request, context),
    CloseSession: async (request) => handleCloseSession(leading(), request),
    Commit: async (request) => handleCommit(leading(), request),
    GetObject: async (request) => {
      const { state, reader } = leading();
      return getObject(request, { buckets: state.buckets, reader });
    },
    ListObjects: async (request) => handleListObjects(leading(), request),
    GetBucket: async (request) => handleGetBucket(leading(), request),
    ListBuckets: async () => ({ buckets: leading().state.buckets.list() }),
    LookupVolumes: async (request) => handleLookupVolumes(leading(), request),
    ReportChunk: async (request) => handleReportChunk(leading(), request),
    GetStatus: async () => statusOf(leading()),
    ListNodes: async () => ({ nodes: nodesOf(leading()) }),
    ListVolumes: async () => ({ volumes: volumesOf(leading()) }),
  };
}
