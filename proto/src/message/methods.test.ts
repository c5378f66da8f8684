import {
  type Attribute,
  type ChunkReference,
  chunkId,
  type Endpoint,
  type FailureDomain,
  METHODS,
  type MethodName,
  type NodeInfo,
  type NodeOrder,
  parseNodeId,
  parseSessionId,
  parseVolumeId,
  type RequestOf,
  type ResponseOf,
  type VolumeLocation,
  type VolumeReport,
  versionId,
} from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { SERVICE_NAMES, WIRE_METHODS, wireMethodOf } from './methods.ts';
import { serviceType } from './schema.ts';

const session = parseSessionId(0x1234_5678_9abc);
const volumeId = parseVolumeId(0xffff_ffff);
const nodeId = parseNodeId('node-1');
const id = chunkId(session, 5);
const version = versionId(session, 6);
const large = Number.MAX_SAFE_INTEGER;
const bytes = (...values: number[]) => Uint8Array.from(values);

const endpoint: Endpoint = { grpc: 'h:1', bulk: 'h:2', grpcSocket: '/g', bulkSocket: '/b', hostId: 'host' };
const domain: FailureDomain = { zone: 'z', rack: 'r', host: 'h' };
const attributes: Attribute[] = [
  { name: '__proto__', value: 'grün 🟢' },
  { name: 'a', value: 'b' },
];
const chunks: ChunkReference[] = [{ volumeId, chunkId: id, bytes: 3 }];
const location: VolumeLocation = {
  volumeId,
  generation: 2,
  replicas: [{ nodeId, endpoint, state: 'alive', domain }],
};
const report: VolumeReport = {
  volumeId,
  generation: 2,
  state: 'sealed',
  logBytes: large,
  liveBytes: 3,
  liveChunks: 4,
  tombstones: 5,
  digest: 'fedcba9876543210',
  damagedChunks: 6,
};
const orders: NodeOrder[] = [{ kind: 'seal', volumeId, generation: 9 }];
const node: NodeInfo = {
  id: nodeId,
  address: 'h:1',
  domain,
  state: 'draining',
  capacityBytes: large,
  usedBytes: 2,
  volumes: 3,
  incarnation: 4,
  lastSeenMs: 5.5,
  fsyncP99Ms: 6.5,
};
const precondition = { ifMatch: 'e', ifNoneMatch: '*' };
const volumeOrder = { epoch: 2 ** 40, volumeId, generation: 3 };

/** Every message with every field set: the type makes it complete, and a field without a twin does not survive. */
const SAMPLES: { [M in MethodName]: [Required<RequestOf<M>>, Required<ResponseOf<M>>] } = {
  'StorageNode.CreateVolume': [volumeOrder, {}],
  'StorageNode.SealVolume': [volumeOrder, { volume: report }],
  'StorageNode.PutChunk': [
    {
      volumeId,
      generation: 1,
      chunkId: id,
      versionId: version,
      chunkIndex: 2,
      blockChecksums: bytes(1, 2),
      payload: bytes(3),
    },
    {},
  ],
  'StorageNode.GetChunk': [
    { volumeId, chunkId: id, offset: 1, length: 2 },
    { chunkBytes: 1, payloadOffset: 2, blockChecksums: bytes(4), payload: bytes(5, 6) },
  ],
  'StorageNode.DeleteChunks': [{ epoch: 1, volumeId, chunkIds: [id, chunkId(session, 7)] }, {}],
  'MetadataServer.RegisterNode': [
    {
      clusterId: 'c',
      nodeId,
      incarnation: 1,
      endpoint,
      domain,
      capacityBytes: large,
      usedBytes: 3,
      volumes: [report, report],
    },
    { clusterId: 'c', incarnation: 2, epoch: 3, orders, heartbeatIntervalMs: 4, fenceAfterMs: 5.5 },
  ],
  'MetadataServer.Heartbeat': [
    { nodeId, incarnation: 1, capacityBytes: 2, usedBytes: 3, readOnly: true, fsyncP99Ms: 1.25, volumes: [report] },
    { epoch: 1, orders },
  ],
  'MetadataServer.OpenSession': [
    {},
    {
      sessionId: session,
      ttlMs: 1,
      token: 't',
      replicas: 3,
      writeQuorum: 2,
      chunkBytes: 4,
      quorumExtraWaitMs: 250,
      grants: [location],
    },
  ],
  'MetadataServer.RenewSession': [
    { sessionId: session, failures: [{ volumeId, nodeId, code: 'DISK_FULL' }] },
    { ttlMs: 1, token: 't', grants: [location] },
  ],
  'MetadataServer.CloseSession': [{ sessionId: session }, {}],
  'MetadataServer.Commit': [
    {
      sessionId: session,
      commitId: version,
      settledCounter: 1,
      putObject: {
        bucket: 'b',
        key: 'a//../ü🟢\u0001',
        bytes: 3,
        etag: 'e',
        headers: attributes,
        userMetadata: attributes,
        chunks,
        precondition,
      },
      deleteObject: { bucket: 'b', key: 'k', precondition },
      createBucket: { bucket: 'b' },
      deleteBucket: { bucket: 'b' },
    },
    { lastModifiedMs: 1_700_000_000_123, existed: true },
  ],
  'MetadataServer.GetObject': [
    { bucket: 'b', key: 'k', headOnly: true },
    {
      version: {
        versionId: version,
        bytes: large,
        etag: 'e',
        lastModifiedMs: 1,
        headers: attributes,
        userMetadata: attributes,
        chunks,
      },
    },
  ],
  'MetadataServer.ListObjects': [
    { bucket: 'b', prefix: 'p', delimiter: '/', startAfter: 's', startAfterPrefix: true, limit: 1000 },
    {
      objects: [{ key: 'k', bytes: 1, etag: 'e', lastModifiedMs: 2 }],
      commonPrefixes: ['p/', 'q/'],
      nextStartAfter: 'n',
      nextStartAfterPrefix: true,
    },
  ],
  'MetadataServer.GetBucket': [{ bucket: 'b' }, { name: 'b', createdMs: 1 }],
  'MetadataServer.ListBuckets': [{}, { buckets: [{ name: 'b', createdMs: 1 }] }],
  'MetadataServer.LookupVolumes': [{ volumeIds: [volumeId, parseVolumeId(1)] }, { volumes: [location] }],
  'MetadataServer.ReportChunk': [{ volumeId, nodeId, chunkId: id, code: 'CHUNK_CORRUPT' }, {}],
  'MetadataServer.GetStatus': [
    {},
    {
      clusterId: 'c',
      leader: 'l',
      epoch: 1,
      safeMode: true,
      reasons: ['a', 'b'],
      health: 'critical',
      nodes: [node],
      volumesTotal: 2,
      volumesOpen: 3,
      volumesSealed: 4,
      volumesUnderReplicated: 5,
      volumesLost: 6,
      garbageBytes: 7,
      chunksReported: 8,
      replicas: 3,
      writeQuorum: 2,
      workers: [{ name: 'w', state: 'idle', queued: 1, doneTotal: 2, lastError: 'e' }],
    },
  ],
  'MetadataServer.ListNodes': [{}, { nodes: [node] }],
  'MetadataServer.ListVolumes': [
    {},
    {
      volumes: [
        {
          id: volumeId,
          state: 'sealed',
          generation: 1,
          digestsAgree: true,
          replicas: [
            {
              nodeId,
              nodeState: 'alive',
              reported: true,
              logBytes: 1,
              liveBytes: 2,
              liveChunks: 3,
              digest: 'd',
              damagedChunks: 4,
            },
          ],
        },
      ],
    },
  ],
};

describe('cairn.proto and the table of methods', () => {
  it('have the same methods', () => {
    const declared = SERVICE_NAMES.flatMap((service) =>
      serviceType(`cairn.v1.${service}`)
        .methodsArray.filter((method) => method.name !== 'Exchange')
        .map((method) => `${service}.${method.name}`),
    );
    expect(declared.sort()).toEqual(Object.keys(METHODS).sort());
    expect([...WIRE_METHODS.keys()].sort()).toEqual(declared);
  });

  it('name an Exchange stream of packets for every service', () => {
    for (const service of SERVICE_NAMES) {
      const exchange = serviceType(`cairn.v1.${service}`).methods['Exchange'];
      expect(exchange).toMatchObject({
        requestType: 'Packet',
        responseType: 'Packet',
        requestStream: true,
        responseStream: true,
      });
    }
  });

  it.each(Object.keys(METHODS) as MethodName[])('have the same fields in the messages of %s', (name) => {
    const { request, response } = wireMethodOf(name);
    const [sampleRequest, sampleResponse] = SAMPLES[name];
    expect(request.decode(request.encode(sampleRequest))).toEqual(sampleRequest);
    expect(response.decode(response.encode(sampleResponse))).toEqual(sampleResponse);
  });
});
