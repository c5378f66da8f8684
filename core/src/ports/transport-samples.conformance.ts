/**
 * What the transport suite sends: one filled message of every travel class, and services whose handlers all do the same thing,
 * so that a property can be shown for every class with one test. Every field is set to something other than its default.
 */

import { type CallContext, type HandlersOf, METHODS, type ServiceName } from '../api/methods.ts';
import type { GetObjectResponse, PutObject } from '../api/namespace.ts';
import type { HeartbeatRequest, HeartbeatResponse } from '../api/nodes.ts';
import type { GetChunkResponse, PutChunkRequest, VolumeReport } from '../api/storage-node.ts';
import { CairnError } from '../errors.ts';
import { chunkId, parseNodeId, parseSessionId, parseVolumeId, versionId } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import type { CallOptions, Channel, ListenOptions } from './transport.ts';

const MIB = 1024 * 1024;
const volumeId = parseVolumeId(0xffff_ffff);
export const sampleSession = parseSessionId(0x1234_5678_9abc);

/** Bytes that differ at every place and from every other length, so that a shift or a mix-up shows. */
export function samplePayload(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = length + 1;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** Equality without the cost of a matcher that walks 8 Mi elements. */
export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

export function samplePut(payload: Uint8Array): PutChunkRequest {
  return {
    volumeId,
    generation: 7,
    chunkId: chunkId(sampleSession, 5),
    versionId: versionId(sampleSession, 6),
    chunkIndex: 3,
    blockChecksums: samplePayload(8),
    payload,
  };
}

export function sampleGetChunkResponse(payload: Uint8Array): GetChunkResponse {
  return { chunkBytes: 16 * MIB, payloadOffset: 64 * 1024, blockChecksums: samplePayload(16), payload };
}

const report: VolumeReport = {
  volumeId,
  generation: 2,
  state: 'sealed',
  logBytes: Number.MAX_SAFE_INTEGER,
  liveBytes: 5,
  liveChunks: 4,
  tombstones: 3,
  digest: 'fedcba9876543210',
  damagedChunks: 1,
};

export const sampleHeartbeat: HeartbeatRequest = {
  nodeId: parseNodeId('node-1'),
  incarnation: 3,
  capacityBytes: Number.MAX_SAFE_INTEGER,
  usedBytes: 4 * 1024 ** 4,
  readOnly: true,
  fsyncP99Ms: 1.25,
  volumes: [report, { ...report, volumeId: parseVolumeId(1), state: 'open' }],
};

export const sampleHeartbeatResponse: HeartbeatResponse = {
  epoch: 2 ** 40 + 1,
  orders: [{ kind: 'seal', volumeId, generation: 9 }],
};

const attributes = [
  { name: '__proto__', value: 'constructor' },
  { name: 'content-type', value: 'text/plain; charset=utf-8' },
];
const chunks = [{ volumeId, chunkId: chunkId(sampleSession, 5), bytes: 8 * MIB }];

export const sampleGetObjectResponse: GetObjectResponse = {
  version: {
    versionId: versionId(sampleSession, 6),
    bytes: 5 * 1024 ** 4,
    etag: 'd41d8cd98f00b204e9800998ecf8427e',
    lastModifiedMs: 1_700_000_000_123,
    headers: attributes,
    userMetadata: [{ name: 'colour', value: 'grün 🟢' }],
    chunks,
  },
};

export const samplePutObject: PutObject = {
  bucket: 'photos',
  key: 'a//b/../ü🟢\u0001',
  bytes: 8 * MIB,
  etag: 'd41d8cd98f00b204e9800998ecf8427e',
  headers: attributes,
  userMetadata: attributes,
  chunks,
  precondition: { ifMatch: 'abc', ifNoneMatch: '*' },
};

export type Services = ListenOptions['services'];

/** A service of which only the named methods do anything. */
export function serviceOf<S extends ServiceName>(service: S, handlers: Partial<HandlersOf<S>>): HandlersOf<S> {
  const names = Object.keys(METHODS).filter((method) => method.startsWith(`${service}.`));
  const refusals = names.map((method) => [
    method.slice(service.length + 1),
    async () => {
      throw new CairnError('INTERNAL', `${method} is not part of this test`);
    },
  ]);
  return { ...(Object.fromEntries(refusals) as HandlersOf<S>), ...handlers };
}

/** Services that wait for `meanwhile` in every handler that the travel samples call. */
export function servicesDoing(meanwhile: (context: CallContext) => Promise<void>): Services {
  return {
    MetadataServer: serviceOf('MetadataServer', {
      GetObject: async (_request, context) => {
        await meanwhile(context);
        return sampleGetObjectResponse;
      },
      Heartbeat: async (_request, context) => {
        await meanwhile(context);
        return sampleHeartbeatResponse;
      },
    }),
    StorageNode: serviceOf('StorageNode', {
      PutChunk: async (_request, context) => {
        await meanwhile(context);
        return {};
      },
      GetChunk: async (request, context) => {
        await meanwhile(context);
        return sampleGetChunkResponse(samplePayload(request.length));
      },
    }),
  };
}

export interface TravelSample {
  /** For titles. */
  travel: string;
  call: (channel: Channel, options?: CallOptions) => Promise<unknown>;
}

const largePayload = samplePayload(1 * MIB);
const chunkRequest = { volumeId, chunkId: chunkId(sampleSession, 5), offset: 0 };

/** One call of every way that a message can take. */
export const TRAVELS: readonly TravelSample[] = [
  {
    travel: 'a packed call',
    call: (channel, options) =>
      channel.call('MetadataServer.GetObject', { bucket: 'photos', key: 'a', headOnly: true }, options),
  },
  {
    travel: 'a unary call',
    call: (channel, options) => channel.call('MetadataServer.Heartbeat', sampleHeartbeat, options),
  },
  {
    travel: 'a small payload sent',
    call: (channel, options) => channel.call('StorageNode.PutChunk', samplePut(samplePayload(100)), options),
  },
  {
    travel: 'a large payload sent',
    call: (channel, options) => channel.call('StorageNode.PutChunk', samplePut(largePayload), options),
  },
  {
    travel: 'a small payload fetched',
    call: (channel, options) => channel.call('StorageNode.GetChunk', { ...chunkRequest, length: 100 }, options),
  },
  {
    travel: 'a large payload fetched',
    call: (channel, options) =>
      channel.call('StorageNode.GetChunk', { ...chunkRequest, length: LIMITS.readBytes }, options),
  },
];
