/** What peers that are none of ours may send, and that the process lives on and keeps serving. */
import { randomBytes } from 'node:crypto';
import * as http2 from 'node:http2';
import * as net from 'node:net';
import { CairnError, type Channel, LIMITS, type Listener, parseVolumeId } from '@cairn/core';
import { sampleGetChunkResponse, samplePayload, samplePut, serviceOf } from '@cairn/core/testing';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { wireMethodOf } from './message/methods.ts';
import { createTransport } from './transport.ts';

const PROOF = 'a-good-proof';
const MIB = 1024 * 1024;
const transport = createTransport({ hostId: '', lane: 'auto', rpcDeadlineMs: 5000 });

let listener: Listener;
let channel: Channel;
let handled: number;

beforeEach(async () => {
  handled = 0;
  listener = await transport.listen({
    address: '127.0.0.1:0',
    bulkAddress: '127.0.0.1:0',
    services: {
      StorageNode: serviceOf('StorageNode', {
        PutChunk: async () => {
          handled += 1;
          return {};
        },
        GetChunk: async ({ length }) => sampleGetChunkResponse(samplePayload(length)),
      }),
    },
    authenticate: (authorization) => {
      if (authorization === undefined) throw new CairnError('UNAUTHENTICATED');
      if (authorization !== PROOF) throw new CairnError('PERMISSION_DENIED');
      return { kind: 'cluster' };
    },
  });
  channel = transport.connect({ endpoint: listener.endpoint, authorization: () => PROOF });
});

/** After every test: nothing of it reached a handler, and both ports still serve. */
afterEach(async () => {
  expect(handled).toBe(0);
  const { chunkId } = samplePut(new Uint8Array());
  for (const length of [1, MIB]) {
    const request = { volumeId: parseVolumeId(1), chunkId, offset: 0, length };
    expect((await channel.call('StorageNode.GetChunk', request)).payload).toHaveLength(length);
  }
  channel.close();
  await listener.close(0);
});

const portOf = (address: string) => Number(address.split(':')[1]);

/** Sends the bytes and gives back what comes until the peer closes or has answered with a whole head. */
function exchange(address: string, bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(portOf(address), '127.0.0.1', () => socket.write(bytes));
    let received = '';
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => {
      received += piece;
      if (received.startsWith('HTTP/1.1') && received.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
  });
}

interface GrpcCall {
  path: string;
  authorization?: string;
  body: Uint8Array;
}

/** One gRPC call by hand. */
async function grpc({ path, authorization, body }: GrpcCall): Promise<{ status: number; code: unknown }> {
  const session = http2.connect(`http://${listener.endpoint.grpc}`);
  session.on('error', () => undefined);
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc+proto',
    te: 'trailers',
    ...(authorization === undefined ? {} : { authorization }),
  });
  stream.on('error', () => undefined);
  stream.end(body);
  return new Promise((resolve) => {
    const settle = (headers: http2.IncomingHttpHeaders) => {
      if (headers['grpc-status'] === undefined) return;
      resolve({ status: Number(headers['grpc-status']), code: headers['cairn-error-code'] });
    };
    stream.on('response', settle);
    stream.on('trailers', settle);
    stream.resume();
  });
}

/** gRPC's framing: not compressed, length, message. */
function framed(message: Uint8Array, length = message.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

describe('a stranger at the gRPC port', () => {
  const path = wireMethodOf('StorageNode.PutChunk').path;
  const put = framed(wireMethodOf('StorageNode.PutChunk').request.encode(samplePut(samplePayload(10))));

  it('gets nowhere with random bytes', async () => {
    for (const length of [1, 100, 100_000]) {
      const socket = net.connect(portOf(listener.endpoint.grpc), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.end(randomBytes(length));
      socket.resume();
      await new Promise((resolve) => socket.on('close', resolve));
    }
    // A good preface, and then noise.
    await exchange(
      listener.endpoint.grpc,
      Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), randomBytes(9000)]),
    );
    expect(await exchange(listener.endpoint.grpc, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n')).not.toContain('200');
  });

  it('is UNAUTHENTICATED without and PERMISSION_DENIED with the wrong secret, before its message is read', async () => {
    for (const at of [path, '/cairn.v1.StorageNode/Exchange']) {
      expect(await grpc({ path: at, body: put })).toEqual({ status: status.UNAUTHENTICATED, code: 'UNAUTHENTICATED' });
      const wrong = await grpc({ path: at, body: put, authorization: 'wrong' });
      expect(wrong).toEqual({ status: status.PERMISSION_DENIED, code: 'PERMISSION_DENIED' });
      const large = await grpc({ path: at, body: framed(Buffer.alloc(2 * MIB), 100 * MIB), authorization: 'wrong' });
      expect(large.status).toBe(status.PERMISSION_DENIED);
    }
  });

  it('gets RESOURCE_EXHAUSTED for a message of 100 MB', async () => {
    const body = framed(Buffer.alloc(MIB), 100_000_000);
    expect((await grpc({ path, body, authorization: PROOF })).status).toBe(status.RESOURCE_EXHAUSTED);
    const packet = await grpc({ path: '/cairn.v1.StorageNode/Exchange', body, authorization: PROOF });
    expect(packet.status).toBe(status.RESOURCE_EXHAUSTED);
  });

  it('gets INVALID_ARGUMENT for garbage in place of a message or a packet', async () => {
    for (const at of [path, '/cairn.v1.StorageNode/Exchange']) {
      const answer = await grpc({ path: at, body: framed(Buffer.alloc(100, 0xff)), authorization: PROOF });
      expect(answer).toEqual({ status: status.INVALID_ARGUMENT, code: 'INVALID_ARGUMENT' });
    }
  });

  it('gets UNIMPLEMENTED for methods and services that are not there', async () => {
    for (const at of ['/cairn.v1.StorageNode/Nothing', '/cairn.v1.MetadataServer/Heartbeat', '/']) {
      expect((await grpc({ path: at, body: put, authorization: PROOF })).status).toBe(status.UNIMPLEMENTED);
    }
  });
});

describe('a stranger at the bulk port', () => {
  const head = (lines: string[], target = '/v1/StorageNode.PutChunk') =>
    [`POST ${target} HTTP/1.1`, 'host: x', ...lines, '', ''].join('\r\n');
  const good = `authorization: ${PROOF}`;

  it('gets nowhere with random bytes', async () => {
    for (const length of [1000, 100_000]) {
      expect(await exchange(listener.endpoint.bulk, randomBytes(length))).toMatch(/^(HTTP\/1.1 400|$)/);
    }
  });

  const refusals: [string, number, string][] = [
    ['no credentials', 401, head(['content-length: 10'])],
    ['the wrong secret', 403, head(['authorization: wrong', 'content-length: 10'])],
    ['credentials twice', 400, head([good, good, 'content-length: 10'])],
    ['no length', 400, head([good])],
    ['a length that is no number', 400, head([good, 'content-length: 1e3'])],
    ['a negative length', 400, head([good, 'content-length: -1'])],
    ['more than the limit', 413, head([good, `content-length: ${LIMITS.messageBytesMax + 1}`])],
    ['100 MB', 413, head([good, 'content-length: 100000000'])],
    ['an empty body', 400, head([good, 'content-length: 0'])],
    ['garbage', 400, `${head([good, 'content-length: 8'])}\xff\xff\xff\xffnope`],
    ['garbage in the header', 400, `${head([good, 'content-length: 8'])}\x04\0\0\0\xff\xff\xff\xff`],
    ['a deadline that is no number', 400, head([good, 'content-length: 1', 'x-cairn-deadline-ms: soon'])],
    ['a method that is not there', 501, head([good, 'content-length: 1'], '/v1/StorageNode.Nothing')],
    ['a method that is not for bulk', 501, head([good, 'content-length: 1'], '/v1/StorageNode.SealVolume')],
    ['a path that climbs', 501, head([good, 'content-length: 1'], '/v1/../v1/StorageNode.PutChunk')],
    ['__proto__', 501, head([good, 'content-length: 1'], '/v1/__proto__')],
    ['another verb', 501, head([good, 'content-length: 1']).replace('POST', 'PUT')],
  ];
  it.each(refusals)('that sends %s gets %d', async (_title, code, request) => {
    expect(await exchange(listener.endpoint.bulk, Buffer.from(request, 'latin1'))).toMatch(
      new RegExp(`^HTTP/1\\.1 ${code} `),
    );
  });

  const chunked = '0\r\n\r\n';
  const smuggled: [string, string][] = [
    ['length and chunked', `${head([good, 'content-length: 5', 'transfer-encoding: chunked'])}${chunked}`],
    ['chunked', `${head([good, 'transfer-encoding: chunked'])}${chunked}`],
    ['chunked behind a word that is none', `${head([good, 'transfer-encoding: xchunked'])}${chunked}`],
    ['two different lengths', head([good, 'content-length: 1', 'content-length: 2'])],
    ['two equal lengths', head([good, 'content-length: 1', 'content-length: 1'])],
    ['a list of lengths', head([good, 'content-length: 1, 1'])],
    ['two hosts', head([good, 'host: y', 'content-length: 1'])],
    ['a folded header', head([good, 'content-length:', ' 1'])],
    ['a space before the colon', head([good, 'content-length : 1'])],
    ['an absolute target', head([good, 'content-length: 1'], 'http://x/v1/StorageNode.PutChunk')],
    ['a bare carriage return', head([good, 'x: a\rb', 'content-length: 1'])],
  ];
  it.each(smuggled)('that smuggles with %s is refused', async (_title, request) => {
    expect(await exchange(listener.endpoint.bulk, Buffer.from(request, 'latin1'))).toMatch(/^HTTP\/1\.1 (400|501) /);
  });

  it('that pipelines a request behind another one is cut off', async () => {
    const request = `${head(['authorization: wrong', 'content-length: 10'])}0123456789`;
    const answers = await exchange(listener.endpoint.bulk, request.repeat(3));
    expect(answers.match(/^HTTP/gm)?.length ?? 0).toBeLessThan(2);
  });
});
