import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Endpoint } from '@cairn/core';
import { transportConformance } from '@cairn/core/testing';
import { createTransport } from './transport.ts';

const HOST_ID = 'this-host';
const address = '127.0.0.1:0';
const transportOn = (lane: 'auto' | 'grpc') => createTransport({ hostId: HOST_ID, lane, rpcDeadlineMs: 10_000 });

/** Sockets only: an address that nobody listens on shows that TCP is not used. */
const socketsOnly = (endpoint: Endpoint): Endpoint => ({ ...endpoint, grpc: '127.0.0.1:1', bulk: '127.0.0.1:1' });
const withoutSockets = (endpoint: Endpoint): Endpoint => ({ ...endpoint, grpcSocket: '', bulkSocket: '' });

async function socketDir() {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-proto-'));
  return { folder, dispose: () => rm(folder, { recursive: true }) };
}

transportConformance('gRPC over TCP', async () => ({ transport: transportOn('grpc'), where: { address } }));

transportConformance('gRPC over Unix sockets', async () => {
  const { folder, dispose } = await socketDir();
  return { transport: transportOn('grpc'), where: { address, socketDir: folder }, offer: socketsOnly, dispose };
});

transportConformance('gRPC with a bulk lane over TCP', async () => ({
  transport: transportOn('auto'),
  where: { address, bulkAddress: address },
  offer: withoutSockets,
}));

transportConformance('gRPC with a bulk lane over Unix sockets', async () => {
  const { folder, dispose } = await socketDir();
  const where = { address, bulkAddress: address, socketDir: folder };
  return { transport: transportOn('auto'), where, offer: socketsOnly, dispose };
});
