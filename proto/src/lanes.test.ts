/** Which way calls take, what bounds them, and what is left behind. The conformance suite shows that every way behaves the same. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CairnError, type Endpoint, LIMITS, type Listener, type ListenOptions } from '@cairn/core';
import { type Services, sampleGetChunkResponse, samplePayload, samplePut, serviceOf } from '@cairn/core/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { messageCodec } from './message/codec.ts';
import { createTransport } from './transport.ts';

const HOST_ID = 'this-host';
const MIB = 1024 * 1024;
const auto = createTransport({ hostId: HOST_ID, lane: 'auto', rpcDeadlineMs: 10_000 });
const elsewhere = createTransport({ hostId: 'another-host', lane: 'auto', rpcDeadlineMs: 10_000 });

const chunks: Services = {
  StorageNode: serviceOf('StorageNode', {
    PutChunk: async () => ({}),
    GetChunk: async ({ length }) => sampleGetChunkResponse(samplePayload(length)),
  }),
};

async function listen(options: Partial<ListenOptions> = {}): Promise<Listener> {
  const authenticate = () => ({ kind: 'cluster' }) as const;
  const listener = await auto.listen({ address: '127.0.0.1:0', services: chunks, authenticate, ...options });
  onTestFinished(() => listener.close(0));
  return listener;
}

function connect(endpoint: Endpoint, transport = auto) {
  const channel = transport.connect({ endpoint, authorization: () => 'x' });
  onTestFinished(() => channel.close());
  return channel;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'cairn-proto-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

const { volumeId, chunkId } = samplePut(new Uint8Array());
const get = (channel: ReturnType<typeof connect>, length: number) =>
  channel.call('StorageNode.GetChunk', { volumeId, chunkId, offset: 0, length });
const NOWHERE = '127.0.0.1:1';

describe('the choice of a way', () => {
  it('takes the bulk lane for large payloads only', async () => {
    const { endpoint } = await listen({ bulkAddress: '127.0.0.1:0' });
    const onlyBulk = connect({ ...endpoint, grpc: NOWHERE });
    expect((await get(onlyBulk, LIMITS.packedPayloadBytesMax + 1)).payload).toHaveLength(65_537);
    await onlyBulk.call('StorageNode.PutChunk', samplePut(samplePayload(MIB)));
    await expect(get(onlyBulk, LIMITS.packedPayloadBytesMax)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const onlyGrpc = connect({ ...endpoint, bulk: NOWHERE });
    expect((await get(onlyGrpc, 100)).payload).toHaveLength(100);
    await expect(get(onlyGrpc, MIB)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('stays on gRPC when told to, or when the peer offers no bulk lane', async () => {
    const { endpoint } = await listen({ bulkAddress: '127.0.0.1:0' });
    const grpc = createTransport({ hostId: HOST_ID, lane: 'grpc', rpcDeadlineMs: 10_000 });
    expect((await get(connect({ ...endpoint, bulk: NOWHERE }, grpc), MIB)).payload).toHaveLength(MIB);
    expect((await get(connect({ ...endpoint, bulk: '' }), MIB)).payload).toHaveLength(MIB);
  });

  it('uses sockets on their own host only, and only when they are there', async () => {
    const socketDir = await folder();
    const { endpoint } = await listen({ bulkAddress: '127.0.0.1:0', socketDir });
    const socketsOnly = { ...endpoint, grpc: NOWHERE, bulk: NOWHERE };
    for (const length of [100, MIB]) {
      expect((await get(connect(socketsOnly), length)).payload).toHaveLength(length);
      await expect(get(connect(socketsOnly, elsewhere), length)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect((await get(connect(endpoint, elsewhere), length)).payload).toHaveLength(length);
      const gone = { ...endpoint, grpcSocket: `${socketDir}/gone`, bulkSocket: `${socketDir}/gone` };
      expect((await get(connect(gone), length)).payload).toHaveLength(length);
    }
  });
});

describe('a listener', () => {
  it('replaces sockets that a killed process left, and removes its own', async () => {
    const socketDir = await folder();
    for (const name of ['grpc.sock', 'bulk.sock']) await writeFile(join(socketDir, name), '');
    const listener = await listen({ bulkAddress: '127.0.0.1:0', socketDir });
    const { grpcSocket, bulkSocket } = listener.endpoint;
    expect([grpcSocket, bulkSocket].map((path) => existsSync(path))).toEqual([true, true]);
    await listener.close();
    expect([grpcSocket, bulkSocket].map((path) => existsSync(path))).toEqual([false, false]);
  });

  it('never takes the sockets of a listener that lives, nor removes them', async () => {
    const socketDir = await folder();
    const first = await listen({ bulkAddress: '127.0.0.1:0', socketDir });
    const sockets = ['grpc.sock', 'bulk.sock'].map((name) => join(socketDir, name));
    await expect(listen({ bulkAddress: '127.0.0.1:0', socketDir })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(listen({ address: first.endpoint.grpc, socketDir })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(sockets.map((path) => existsSync(path))).toEqual([true, true]);
    const bySocket = connect({ ...first.endpoint, grpc: NOWHERE, bulk: NOWHERE });
    expect((await get(bySocket, 100)).payload).toHaveLength(100);
    await first.close(0);
    expect(sockets.map((path) => existsSync(path))).toEqual([false, false]);
  });

  it('tells its real ports', async () => {
    const { endpoint } = await listen({ bulkAddress: '127.0.0.1:0' });
    expect(endpoint.grpc).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    expect(endpoint.bulk).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    expect(endpoint).toMatchObject({ grpcSocket: '', bulkSocket: '', hostId: HOST_ID });
  });

  it('says so when it cannot listen, and leaves nothing behind', async () => {
    const { endpoint } = await listen();
    await expect(listen({ address: endpoint.grpc })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const socketDir = await folder();
    await expect(listen({ bulkAddress: endpoint.grpc, socketDir })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(existsSync(join(socketDir, 'grpc.sock'))).toBe(false);
    await expect(listen({ socketDir: `/${'d'.repeat(90)}` })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

describe('what bounds calls', () => {
  it('is their number: the one beyond the limit is OVERLOADED, the others are not', async () => {
    const opened = Promise.withResolvers<void>();
    const { endpoint } = await listen({
      services: {
        MetadataServer: serviceOf('MetadataServer', {
          GetBucket: async ({ bucket }) => {
            await opened.promise;
            return { name: bucket, createdMs: 1 };
          },
        }),
      },
    });
    const channel = connect(endpoint);
    const calls = Array.from({ length: LIMITS.callsInFlightMax }, (_, at) =>
      channel.call('MetadataServer.GetBucket', { bucket: `b${at}` }),
    );
    const beyond = channel.call('MetadataServer.GetBucket', { bucket: 'one-too-many' });
    await expect(beyond).rejects.toMatchObject({ code: 'OVERLOADED' });
    opened.resolve();
    const names = (await Promise.all(calls)).map(({ name }) => name);
    expect(names).toEqual(calls.map((_, at) => `b${at}`));
  });

  it('is the bytes of the bodies that the bulk lane holds', async () => {
    const opened = Promise.withResolvers<void>();
    let running = 0;
    let most = 0;
    const { endpoint } = await listen({
      bulkAddress: '127.0.0.1:0',
      services: {
        StorageNode: serviceOf('StorageNode', {
          PutChunk: async () => {
            running += 1;
            most = Math.max(most, running);
            await opened.promise;
            running -= 1;
            return {};
          },
        }),
      },
    });
    const channel = connect(endpoint);
    const payload = new Uint8Array(LIMITS.chunkBytesMax);
    const fit = Math.floor(LIMITS.nodeInflightBytes / LIMITS.chunkBytesMax) - 1;
    const calls = Array.from({ length: fit + 2 }, () => channel.call('StorageNode.PutChunk', samplePut(payload)));
    await vi.waitFor(() => expect(running).toBe(fit), { timeout: 10_000 });
    opened.resolve();
    expect(await Promise.all(calls)).toHaveLength(fit + 2);
    expect(most * LIMITS.chunkBytesMax).toBeLessThanOrEqual(LIMITS.nodeInflightBytes);
  });
});

describe('a handler', () => {
  it.each([10, MIB])('may fail with what is no Error, after a payload of %d bytes', async (length) => {
    const PutChunk = () => Promise.reject('plain text');
    const services = { StorageNode: serviceOf('StorageNode', { PutChunk }) };
    const { endpoint } = await listen({ bulkAddress: '127.0.0.1:0', services });
    const put = connect(endpoint).call('StorageNode.PutChunk', samplePut(samplePayload(length)));
    await expect(put).rejects.toEqual(new CairnError('INTERNAL', 'plain text'));
  });
});

describe('a channel', () => {
  it('fails what is under way when its peer ends in the middle of an answer', async () => {
    const { endpoint } = await listen();
    const cutting = net.createServer((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nhalf'));
    });
    await new Promise<void>((resolve) => cutting.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void cutting.close());
    const { port } = cutting.address() as net.AddressInfo;
    const channel = connect({ ...endpoint, bulk: `127.0.0.1:${port}` });
    await expect(get(channel, MIB)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('that is idle does not keep a process from ending, even when nobody closes it', async () => {
    const { endpoint } = await listen({ bulkAddress: '127.0.0.1:0' });
    const script = `
      import { createTransport } from ${JSON.stringify(import.meta.resolve('./index.ts'))};
      const transport = createTransport({ hostId: '', lane: 'auto', rpcDeadlineMs: 5000 });
      const channel = transport.connect({ endpoint: ${JSON.stringify(endpoint)}, authorization: () => 'x' });
      const get = (length) => channel.call('StorageNode.GetChunk', { volumeId: 1, chunkId: 'c', offset: 0, length });
      const [small, large] = await Promise.all([get(100), get(${MIB})]);
      console.log(small.payload.length, large.payload.length);
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(stdout.trim()).toBe(`100 ${MIB}`);
  });
});

describe('what a handler lends to its answer', () => {
  it('comes back at the deadline of a caller that asks and then reads nothing', async () => {
    const back = Promise.withResolvers<void>();
    const lending = serviceOf('StorageNode', {
      GetChunk: async ({ length }, { afterAnswer }) => {
        afterAnswer?.(back.resolve);
        return sampleGetChunkResponse(samplePayload(length));
      },
    });
    const { endpoint } = await listen({ bulkAddress: '127.0.0.1:0', services: { StorageNode: lending } });
    const codec = messageCodec('cairn.v1.GetChunkRequest');
    const message = codec.encode({ volumeId, chunkId, offset: 0, length: 16 * MIB });
    const length = Buffer.alloc(4);
    length.writeUInt32LE(message.length);
    const head = [
      'POST /v1/StorageNode.GetChunk HTTP/1.1',
      'host: x',
      'authorization: x',
      `content-length: ${4 + message.length}`,
      'x-cairn-deadline-ms: 300',
    ];
    const socket = net.connect(Number(endpoint.bulk.split(':')[1]), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined).pause();
    socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), length, message]));
    await back.promise;
  });
});
