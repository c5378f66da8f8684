import * as http2 from 'node:http2';
import { LIMITS } from '@cairn/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createTransport } from './transport.ts';

const transport = createTransport({ hostId: '', lane: 'grpc', rpcDeadlineMs: 5000 });
const authenticate = () => ({ kind: 'cluster' }) as const;

function expectOpenWindows(session: http2.Http2Session): Promise<void> {
  return vi.waitFor(() => {
    expect(session.remoteSettings.initialWindowSize).toBe(LIMITS.http2WindowBytes);
    // What this side may send on the whole session without hearing from the peer.
    expect(session.state.remoteWindowSize).toBeGreaterThanOrEqual(LIMITS.http2WindowBytes);
  });
}

describe("HTTP/2's receive windows", () => {
  it('are open at the server, for each stream and for the session', async () => {
    const listener = await transport.listen({ address: '127.0.0.1:0', services: {}, authenticate });
    onTestFinished(() => listener.close(0));
    const session = http2.connect(`http://${listener.endpoint.grpc}`);
    onTestFinished(() => session.destroy());
    await expectOpenWindows(session);
    expect(session.remoteSettings.maxConcurrentStreams).toBe(LIMITS.callsInFlightMax);
  });

  it('are open at the client, for each stream and for the session', async () => {
    const connected = Promise.withResolvers<http2.ServerHttp2Session>();
    const server = http2.createServer().on('session', connected.resolve);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const endpoint = { grpc: `127.0.0.1:${port}`, bulk: '', grpcSocket: '', bulkSocket: '', hostId: '' };
    const channel = transport.connect({ endpoint, authorization: () => 'x' });
    const call = channel.call('MetadataServer.GetBucket', { bucket: 'b' }).catch((error: Error) => error.name);
    await expectOpenWindows(await connected.promise);
    channel.close();
    expect(await call).toBe('CairnError');
  });
});
