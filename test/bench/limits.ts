/** What this machine can do without Cairn: measured before and after each run, so that every figure is also a ratio. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import fastify from 'fastify';
import { Connection } from './wire.ts';

export interface MachineLimits {
  /** MD5 of one core, MB/s. */
  md5: number;
  /** 4 KiB appends, each with fdatasync, per second. */
  syncedAppends: number;
  /** 8 MiB appends to three files at once, each with fdatasync: MB/s of one file. What three copies on this disk cannot exceed. */
  tripleAppends: number;
  /** Bytes over one loopback TCP connection, MB/s. */
  loopback: number;
  /** PUT of 4 KiB to a fastify server that does nothing, 64 connections, per second. */
  nullPut: number;
}

const MEASURE_MS = 1000;

function rate(count: number, startedMs: number): number {
  return (count * 1000) / (performance.now() - startedMs);
}

function md5(): number {
  const block = Buffer.alloc(1 << 20, 7);
  const started = performance.now();
  const hash = createHash('md5');
  let blocks = 0;
  for (; performance.now() - started < MEASURE_MS; blocks++) hash.update(block);
  hash.digest();
  return rate(blocks * 1.048576, started);
}

function syncedAppends(folder: string): number {
  const file = path.join(fs.mkdtempSync(path.join(folder, 'cairn-bench-')), 'appends');
  const handle = fs.openSync(file, 'w');
  const block = Buffer.alloc(4096, 7);
  const started = performance.now();
  let appends = 0;
  for (; performance.now() - started < MEASURE_MS; appends++) {
    fs.writeSync(handle, block);
    fs.fdatasyncSync(handle);
  }
  const result = rate(appends, started);
  fs.closeSync(handle);
  fs.rmSync(path.dirname(file), { recursive: true });
  return result;
}

async function tripleAppends(folder: string): Promise<number> {
  const place = fs.mkdtempSync(path.join(folder, 'cairn-bench-'));
  const block = Buffer.alloc(8 << 20, 7);
  const started = performance.now();
  const copy = async (name: string) => {
    const file = await fs.promises.open(path.join(place, name), 'w');
    let appends = 0;
    for (; performance.now() - started < MEASURE_MS; appends++) {
      await file.write(block);
      await file.datasync();
    }
    await file.close();
    return appends;
  };
  const counts = await Promise.all(['a', 'b', 'c'].map(copy));
  const result = rate((Math.min(...counts) * block.length) / 1e6, started);
  fs.rmSync(place, { recursive: true });
  return result;
}

async function loopback(): Promise<number> {
  const block = Buffer.alloc(1 << 20, 7);
  const server = net.createServer((socket) => {
    const pump = () => {
      while (socket.writable && socket.write(block));
    };
    socket.on('drain', pump).on('error', () => undefined);
    pump();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const started = performance.now();
  const received = await new Promise<number>((resolve) => {
    let bytes = 0;
    const socket = net.connect(port, '127.0.0.1');
    socket.on('data', (piece) => {
      bytes += piece.length;
      if (performance.now() - started > MEASURE_MS) {
        socket.destroy();
        resolve(bytes);
      }
    });
  });
  const result = rate(received / 1e6, started);
  await new Promise((resolve) => server.close(resolve));
  return result;
}

async function nullPut(): Promise<number> {
  const app = fastify({ bodyLimit: 1 << 20 });
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.on('data', () => undefined).on('end', () => done(null, undefined));
  });
  app.put('/*', (_request, reply) => reply.send());
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as net.AddressInfo;
  const body = Buffer.alloc(4096, 7);
  const head = Buffer.from('PUT /x HTTP/1.1\r\nhost: x\r\ncontent-type: a/b\r\ncontent-length: 4096\r\n\r\n');
  const started = performance.now();
  let puts = 0;
  const worker = async () => {
    const connection = await Connection.open({ host: '127.0.0.1', port });
    for (; performance.now() - started < MEASURE_MS; puts++) await connection.request(head, { body });
    connection.close();
  };
  await Promise.all(Array.from({ length: 64 }, worker));
  const result = rate(puts, started);
  await app.close();
  return result;
}

export async function measureLimits(folder = os.tmpdir()): Promise<MachineLimits> {
  return {
    md5: md5(),
    syncedAppends: syncedAppends(folder),
    tripleAppends: await tripleAppends(folder),
    loopback: await loopback(),
    nullPut: await nullPut(),
  };
}
