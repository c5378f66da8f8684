/** When clients, nodes or the gateway itself stop in the middle. */
import { type Clock, realClock } from '@cairn/core';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually, startTestCluster, type TestCluster, type TestClusterOptions } from './testing/cluster.ts';
import { headOf, RawConnection, send, signFor } from './testing/raw-client.ts';

const MIB = 1024 * 1024;
const clusters: TestCluster[] = [];

async function start(options?: TestClusterOptions): Promise<TestCluster> {
  const cluster = await startTestCluster(options);
  clusters.push(cluster);
  expect((await send(cluster, { method: 'PUT', target: '/bucket', body: '' })).status).toBe(200);
  return cluster;
}

afterEach(async () => {
  await Promise.all(clusters.splice(0).map((cluster) => cluster.close()));
});

/** A clock on which time passes quicker, but for the time of day: it is signed. */
function quickClock(factor: number): Clock {
  return {
    now: () => realClock.now(),
    monotonic: () => realClock.monotonic() * factor,
    schedule: (delayMs, action, options) => realClock.schedule(delayMs / factor, action, options),
  };
}

function metric(cluster: TestCluster, name: string): number {
  return cluster.gateway.metrics().find((sample) => sample.name === name)?.value ?? 0;
}

/** Asks for an object and reads no more than how the answer begins. */
async function askAndWait(cluster: TestCluster, target: string): Promise<RawConnection> {
  const { headers } = signFor(cluster, { method: 'GET', target });
  const connection = new RawConnection(cluster).send(headOf('GET', target, headers));
  connection.socket.once('data', () => connection.socket.pause());
  await eventually('the answer has begun', () => connection.receivedBytes > 0);
  return connection;
}

describe('a download', () => {
  it('is broken off, never ended cleanly, when the storage nodes are gone', async () => {
    const cluster = await start();
    const body = Buffer.alloc(48 * MIB, 7);
    expect((await send(cluster, { method: 'PUT', target: '/bucket/large', body })).status).toBe(200);
    const connection = await askAndWait(cluster, '/bucket/large');
    await Promise.all(cluster.nodes.map((node) => node.close()));
    connection.socket.resume();
    await expect(connection.answer()).rejects.toThrow('the connection ended');
    expect(metric(cluster, 'cairn_gateway_broken_answers_total')).toBe(1);
    const other = await send(cluster, { method: 'GET', target: '/bucket/large' });
    expect(other.status).toBeGreaterThanOrEqual(500);
    connection.destroy();
  });

  it('ends when its client goes away, and leaves nothing behind', async () => {
    const cluster = await start();
    expect((await send(cluster, { method: 'PUT', target: '/bucket/large', body: Buffer.alloc(48 * MIB) })).status).toBe(
      200,
    );
    const connection = await askAndWait(cluster, '/bucket/large');
    connection.destroy();
    await eventually('the request has ended', () => metric(cluster, 'cairn_gateway_inflight_requests') === 0);
  });
});

describe('an upload', () => {
  it('whose client hardly sends gets RequestTimeout, and others are not held up', async () => {
    const cluster = await start({ ports: { clock: quickClock(20) } });
    const { headers } = signFor(cluster, { method: 'PUT', target: '/bucket/slow' });
    const head = headOf('PUT', '/bucket/slow', { ...headers, 'content-length': '100000' });
    const slow = new RawConnection(cluster).send(head, 'a little');
    const quick = await send(cluster, { method: 'PUT', target: '/bucket/quick', body: 'all' });
    expect(quick.status).toBe(200);
    expect(await slow.answer()).toMatchObject({
      status: 400,
      code: 'RequestTimeout',
      headers: { connection: 'close' },
    });
    await slow.closed();
    expect((await send(cluster, { method: 'HEAD', target: '/bucket/slow' })).status).toBe(404);
    slow.destroy();
  });
});

describe('the gateway', () => {
  it('lets what is under way end when it is stopped, and takes no more', async () => {
    const cluster = await start();
    const { headers } = signFor(cluster, { method: 'PUT', target: '/bucket/late' });
    const connection = new RawConnection(cluster).send(
      headOf('PUT', '/bucket/late', { ...headers, 'content-length': '5' }),
      'he',
    );
    await eventually('the upload is under way', () => metric(cluster, 'cairn_gateway_inflight_requests') === 1);
    const closed = cluster.gateway.close();
    expect(cluster.gateway.notReady()).toBe('stopping');
    connection.send('llo');
    expect(await connection.answer()).toMatchObject({ status: 200, headers: { connection: 'close' } });
    await closed;
    await expect(send(cluster, { method: 'GET', target: '/bucket/late' })).rejects.toThrow('the connection ended');
    connection.destroy();
  });

  it('answers 503 with a time to come back when it has no storage nodes left', async () => {
    const cluster = await start();
    await Promise.all(cluster.nodes.map((node) => node.close()));
    const answer = await send(cluster, { method: 'PUT', target: '/bucket/key', body: 'x' });
    expect(answer).toMatchObject({ status: 503, code: 'ServiceUnavailable', headers: { 'retry-after': '1' } });
  });

  it('takes buckets from hosts below its domain', async () => {
    const cluster = await start({ gateway: { domain: 's3.example.org' } });
    const host = 'bucket.s3.example.org';
    expect((await send(cluster, { method: 'PUT', target: '/a/key', host, body: 'x' })).status).toBe(200);
    expect((await send(cluster, { method: 'GET', target: '/bucket/a/key' })).body.toString()).toBe('x');
    const list = await send(cluster, { method: 'GET', target: '/', host });
    expect(list.body.toString()).toContain('<Key>a/key</Key>');
  });

  it('shares its port with others when it is told to', async () => {
    const first = await start({ gateway: { reusePort: true } });
    const second = await startTestCluster({ gateway: { reusePort: true, s3: `${first.host}:${first.port}` } });
    clusters.push(second);
    expect(second.port).toBe(first.port);
  });
});
