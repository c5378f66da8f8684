/** What the transport suite demands of messages: whole, to the right caller, in parallel, and bounded. */
import { expect, it } from 'vitest';
import { versionId } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import type { Channel } from './transport.ts';
import { asSession, atOnce, codeOf, gate, type Workbench } from './transport-bench.conformance.ts';
import {
  type Services,
  sameBytes,
  sampleGetChunkResponse,
  sampleGetObjectResponse,
  sampleHeartbeat,
  sampleHeartbeatResponse,
  samplePayload,
  samplePut,
  samplePutObject,
  sampleSession,
  serviceOf,
  servicesDoing,
  TRAVELS,
} from './transport-samples.conformance.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

export function messages(bench: Workbench): void {
  it('carries packed messages with every field', async () => {
    const seen: unknown[] = [];
    const listener = await bench.listen({
      MetadataServer: serviceOf('MetadataServer', {
        GetObject: async (request) => {
          seen.push(request);
          return sampleGetObjectResponse;
        },
      }),
    });
    const request = { bucket: 'photos', key: 'a//b/../ü🟢\u0001', headOnly: true };
    const response = await bench.connect(listener).call('MetadataServer.GetObject', request);
    expect(seen).toEqual([request]);
    expect(response).toEqual(sampleGetObjectResponse);
  });

  it('carries unary messages with every field', async () => {
    const seen: unknown[] = [];
    const listener = await bench.listen({
      MetadataServer: serviceOf('MetadataServer', {
        Heartbeat: async (request) => {
          seen.push(request);
          return sampleHeartbeatResponse;
        },
      }),
    });
    const response = await bench.connect(listener).call('MetadataServer.Heartbeat', sampleHeartbeat);
    expect(seen).toEqual([sampleHeartbeat]);
    expect(response).toEqual(sampleHeartbeatResponse);
  });

  it('carries empty messages and leaves absent operations absent', async () => {
    const seen: unknown[] = [];
    const listener = await bench.listen({
      MetadataServer: serviceOf('MetadataServer', {
        ListBuckets: async () => ({ buckets: [] }),
        Commit: async (request) => {
          seen.push(request.putObject, Boolean(request.deleteObject), Boolean(request.createBucket));
          return { lastModifiedMs: 0, existed: false };
        },
      }),
    });
    const channel = bench.connect(listener);
    expect(await channel.call('MetadataServer.ListBuckets', {})).toEqual({ buckets: [] });
    const commit = { sessionId: sampleSession, commitId: versionId(sampleSession, 1), settledCounter: 0 };
    const answer = await channel.call('MetadataServer.Commit', { ...commit, putObject: samplePutObject });
    expect(answer).toEqual({ lastModifiedMs: 0, existed: false });
    expect(seen).toEqual([samplePutObject, false, false]);
  });

  const sizes = { '0 B': 0, '1 B': 1, '64 KiB': 64 * KIB, '64 KiB + 1 B': 64 * KIB + 1, '8 MiB': 8 * MIB };
  it.each(Object.entries(sizes))('carries a payload of %s byte for byte, both ways', async (_title, length) => {
    const payload = samplePayload(length);
    const sent = samplePut(payload);
    let intact = false;
    const listener = await bench.listen({
      StorageNode: serviceOf('StorageNode', {
        PutChunk: async (request) => {
          expect({ ...request, payload: undefined }).toEqual({ ...sent, payload: undefined });
          intact = sameBytes(request.payload, payload);
          return {};
        },
        GetChunk: async (request) => sampleGetChunkResponse(payload.subarray(request.offset)),
      }),
    });
    const channel = bench.connect(listener, asSession);
    expect(await channel.call('StorageNode.PutChunk', sent)).toEqual({});
    expect(intact).toBe(true);
    const { volumeId, chunkId } = sent;
    const fetched = await channel.call('StorageNode.GetChunk', { volumeId, chunkId, offset: 0, length });
    expect({ ...fetched, payload: undefined }).toEqual({ ...sampleGetChunkResponse(payload), payload: undefined });
    expect(sameBytes(fetched.payload, payload)).toBe(true);
  });

  it('never lets the two sides share memory', async () => {
    const kept = sampleGetChunkResponse(samplePayload(100));
    const listener = await bench.listen({
      StorageNode: serviceOf('StorageNode', {
        PutChunk: async (request) => {
          request.payload.fill(0);
          return {};
        },
        GetChunk: async () => kept,
      }),
    });
    const channel = bench.connect(listener);
    const sent = samplePut(samplePayload(100));
    await channel.call('StorageNode.PutChunk', sent);
    expect(sameBytes(sent.payload, samplePayload(100))).toBe(true);
    const request = { volumeId: sent.volumeId, chunkId: sent.chunkId, offset: 0, length: 100 };
    const fetched = await channel.call('StorageNode.GetChunk', request);
    fetched.payload.fill(0);
    expect(sameBytes(kept.payload, samplePayload(100))).toBe(true);
  });
}

export function concurrency(bench: Workbench): void {
  it('answers each of 1,000 concurrent calls to its caller, in whatever order the answers come', async () => {
    const shuffled = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    const { version } = sampleGetObjectResponse;
    const listener = await bench.listen({
      MetadataServer: serviceOf('MetadataServer', {
        GetObject: async (request) => {
          await shuffled();
          return { version: { ...version, etag: request.key } };
        },
      }),
      StorageNode: serviceOf('StorageNode', {
        GetChunk: async (request) => {
          await shuffled();
          return sampleGetChunkResponse(samplePayload(request.length));
        },
      }),
    });
    const channel = bench.connect(listener);
    const { volumeId, chunkId } = samplePut(new Uint8Array());
    const calls = Array.from({ length: 500 }, async (_, at) => {
      const [object, chunk] = await Promise.all([
        channel.call('MetadataServer.GetObject', { bucket: 'b', key: `key-${at}`, headOnly: true }),
        channel.call('StorageNode.GetChunk', { volumeId, chunkId, offset: 0, length: at }),
      ]);
      return object.version.etag === `key-${at}` && sameBytes(chunk.payload, samplePayload(at));
    });
    expect(new Set(await Promise.all(calls))).toEqual(new Set([true]));
  });

  it('carries many large payloads at once', async () => {
    const listener = await bench.listen(atOnce);
    const channel = bench.connect(listener);
    const { volumeId, chunkId } = samplePut(new Uint8Array());
    const calls = Array.from({ length: 16 }, async (_, at) => {
      const length = 1 * MIB + at;
      const { payload } = await channel.call('StorageNode.GetChunk', { volumeId, chunkId, offset: 0, length });
      return sameBytes(payload, samplePayload(length));
    });
    expect(new Set(await Promise.all(calls))).toEqual(new Set([true]));
  });

  it.each(TRAVELS)('does not let others wait behind $travel that takes long', async ({ call }) => {
    const held = gate();
    let first = true;
    const listener = await bench.listen(
      servicesDoing(async (context) => {
        const holds = first;
        first = false;
        if (holds) await held.wait(context);
      }),
    );
    const channel = bench.connect(listener);
    const slow = call(channel);
    await held.started;
    for (const other of TRAVELS) await other.call(channel);
    held.open();
    await slow;
    expect(first).toBe(false);
  });
}

export function tooLarge(bench: Workbench): void {
  const overLimit = LIMITS.messageBytesMax + 1;
  const big = 'k'.repeat(overLimit);
  const { volumeId, chunkId } = samplePut(new Uint8Array());
  const large = {
    'a packed request': (channel: Channel) =>
      channel.call('MetadataServer.GetObject', { bucket: 'b', key: big, headOnly: true }),
    'a unary request': (channel: Channel) =>
      channel.call('MetadataServer.Heartbeat', { ...sampleHeartbeat, nodeId: big as typeof sampleHeartbeat.nodeId }),
    'a payload sent': (channel: Channel) => channel.call('StorageNode.PutChunk', samplePut(new Uint8Array(overLimit))),
    'a packed response': (channel: Channel) => channel.call('MetadataServer.GetBucket', { bucket: 'b' }),
    'a unary response': (channel: Channel) => channel.call('MetadataServer.OpenSession', {}),
    'a payload fetched': (channel: Channel) =>
      channel.call('StorageNode.GetChunk', { volumeId, chunkId, offset: 0, length: overLimit }),
  };

  it.each(Object.entries(large))('refuses %s beyond the limit and lives on', async (_title, call) => {
    const held = gate();
    const services: Services = {
      MetadataServer: serviceOf('MetadataServer', {
        ...held.services.MetadataServer,
        GetBucket: async () => ({ name: big, createdMs: 0 }),
        OpenSession: async () => ({
          sessionId: sampleSession,
          ttlMs: 1,
          token: big,
          replicas: 3,
          writeQuorum: 2,
          chunkBytes: 1,
          quorumExtraWaitMs: 1,
          grants: [],
        }),
      }),
      StorageNode: serviceOf('StorageNode', {
        PutChunk: async () => ({}),
        GetChunk: async (request) => sampleGetChunkResponse(samplePayload(request.length)),
      }),
    };
    const channel = bench.connect(await bench.listen(services));
    const packed = channel.call('MetadataServer.GetObject', { bucket: 'b', key: 'k', headOnly: true });
    const unary = channel.call('MetadataServer.Heartbeat', sampleHeartbeat);
    await held.started;
    expect(await codeOf(call(channel))).toBe('MESSAGE_TOO_LARGE');
    held.open();
    expect(await packed).toEqual(sampleGetObjectResponse);
    expect(await unary).toEqual(sampleHeartbeatResponse);
    await channel.call('StorageNode.PutChunk', samplePut(samplePayload(1 * MIB)));
  });
}
