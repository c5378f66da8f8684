/** What the transport suite demands of authentication: deny by default, the same for every way a call travels. */
import { expect, it } from 'vitest';
import type { Principal } from '../api/methods.ts';
import { clusterAuthorization } from '../authorization.ts';
import type { ErrorCode } from '../errors.ts';
import {
  asAdmin,
  asCluster,
  asSession,
  atOnce,
  codeOf,
  KEY,
  source,
  type Workbench,
} from './transport-bench.conformance.ts';
import {
  sampleGetObjectResponse,
  sampleHeartbeat,
  samplePayload,
  samplePut,
  sampleSession,
  serviceOf,
  servicesDoing,
  TRAVELS,
} from './transport-samples.conformance.ts';

const MIB = 1024 * 1024;

export function callers(bench: Workbench): void {
  const strangers: [string, () => string, ErrorCode][] = [
    ['no credentials', () => '', 'UNAUTHENTICATED'],
    ['unreadable credentials', () => 'Bearer 1234', 'UNAUTHENTICATED'],
    ['the wrong secret', () => clusterAuthorization('another-cluster-secret', source), 'PERMISSION_DENIED'],
  ];
  it.each(strangers)('refuses a caller with %s', async (_title, authorization, code) => {
    let calls = 0;
    const listener = await bench.listen(
      servicesDoing(async () => {
        calls += 1;
      }),
    );
    for (const { call } of TRAVELS) expect(await codeOf(call(bench.connect(listener, authorization)))).toBe(code);
    expect(calls).toBe(0);
  });

  it('tells handlers who calls', async () => {
    const seen: Principal[] = [];
    const listener = await bench.listen(
      servicesDoing(async (context) => {
        seen.push(context.principal);
      }),
    );
    const put = (authorization: () => string, bytes: number) =>
      bench.connect(listener, authorization).call('StorageNode.PutChunk', samplePut(samplePayload(bytes)));
    for (const bytes of [10, 1 * MIB]) {
      await put(asCluster, bytes);
      await put(asAdmin, bytes);
      await put(asSession, bytes);
    }
    const kinds = [
      { kind: 'cluster' },
      { kind: 'admin', accessKey: KEY.accessKey },
      { kind: 'session', sessionId: sampleSession },
    ];
    expect(seen).toEqual([...kinds, ...kinds]);
  });

  it('refuses principals that the table of methods does not name', async () => {
    const listener = await bench.listen(atOnce);
    const session = bench.connect(listener, asSession);
    const admin = bench.connect(listener, asAdmin);
    const request = { bucket: 'b', key: 'k', headOnly: true };
    expect(await codeOf(session.call('MetadataServer.GetObject', request))).toBe('PERMISSION_DENIED');
    expect(await codeOf(session.call('MetadataServer.Heartbeat', sampleHeartbeat))).toBe('PERMISSION_DENIED');
    expect(await codeOf(admin.call('MetadataServer.Heartbeat', sampleHeartbeat))).toBe('PERMISSION_DENIED');
    expect(await admin.call('MetadataServer.GetObject', request)).toEqual(sampleGetObjectResponse);
  });

  it('lets a caller in once its credentials are right', async () => {
    const listener = await bench.listen(atOnce);
    for (const { call } of TRAVELS) {
      let authorization = () => clusterAuthorization('another-cluster-secret', source);
      const channel = bench.connect(listener, () => authorization());
      expect(await codeOf(call(channel))).toBe('PERMISSION_DENIED');
      authorization = asCluster;
      await call(channel);
    }
  });

  it('answers NOT_IMPLEMENTED for a service that the listener does not have', async () => {
    const nodeOnly = bench.connect(await bench.listen({ StorageNode: serviceOf('StorageNode', {}) }));
    expect(await codeOf(nodeOnly.call('MetadataServer.Heartbeat', sampleHeartbeat))).toBe('NOT_IMPLEMENTED');
    const request = { bucket: 'b', key: 'k', headOnly: true };
    expect(await codeOf(nodeOnly.call('MetadataServer.GetObject', request))).toBe('NOT_IMPLEMENTED');
  });

  it.each([10, 1 * MIB])('answers NOT_IMPLEMENTED to a payload of %d bytes where no chunks are kept', async (bytes) => {
    const channel = bench.connect(await bench.listen({ MetadataServer: serviceOf('MetadataServer', {}) }));
    const put = channel.call('StorageNode.PutChunk', samplePut(samplePayload(bytes)));
    expect(await codeOf(put)).toBe('NOT_IMPLEMENTED');
  });
}
