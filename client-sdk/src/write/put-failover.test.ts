/** Writing past failures: on a virtual clock, so that waiting costs nothing and nothing depends on the machine's speed. */
import { CairnError, type ErrorCode } from '@cairn/core';
import { VirtualClock } from '@cairn/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CairnClient } from '../client.ts';
import { FakeCluster, failureOf, testBytes } from '../testing/fake-cluster.ts';
import { forever } from '../testing/fake-node.ts';

const MIB = 1024 * 1024;

let clock: VirtualClock;
let cluster: FakeCluster;
let client: CairnClient;

beforeEach(async () => {
  clock = new VirtualClock();
  cluster = await FakeCluster.start({ clock, nodes: 5 });
  client = cluster.client();
});

async function read(key: string): Promise<Uint8Array> {
  return await clock.run(
    client
      .bucket('b')
      .get(key)
      .then((got) => got.bytes()),
  );
}

async function copiesOf(key: string): Promise<number[]> {
  const { version } = await clock.run(client.explain('b', key));
  return version.chunks.map(
    ({ volumeId, chunkId }) => cluster.nodes.filter((node) => node.holds(volumeId, chunkId) !== undefined).length,
  );
}

const refuse = (code: ErrorCode) => () => {
  throw new CairnError(code);
};

describe('a put with one bad replica', () => {
  it.each([100, 9 * MIB])(
    'of %i bytes succeeds on the others, reports it, and the next one goes elsewhere',
    async (size) => {
      const body = testBytes(size);
      cluster.node(1).onPut = refuse('DISK_FAILED');
      await clock.run(client.bucket('b').put('first', body));
      await clock.advance(1000);
      expect(cluster.leader.failures[0]).toMatchObject({ nodeId: 'node-1', code: 'DISK_FAILED' });
      cluster.node(1).state = 'down';
      await clock.advance(60_000);
      const before = cluster.node(1).puts;
      await clock.run(client.bucket('b').put('second', body));
      expect(Math.min(...(await copiesOf('first')))).toBeGreaterThanOrEqual(2);
      expect(Buffer.compare(await read('first'), body)).toBe(0);
      expect(Buffer.compare(await read('second'), body)).toBe(0);
      expect(cluster.node(1).puts).toBe(before);
    },
  );

  it('survives a replica that dies in the middle', async () => {
    const body = testBytes(40 * MIB);
    let puts = 0;
    cluster.node(2).onPut = () => {
      puts += 1;
      if (puts === 2) cluster.network.crash('node-2');
    };
    await clock.run(client.bucket('b').put('k', body));
    expect(Buffer.compare(await read('k'), body)).toBe(0);
  });

  it('waits for it a little, and no longer than that', async () => {
    cluster.node(3).onPut = (_request, context) => forever(context);
    const before = clock.monotonic();
    await clock.run(client.bucket('b').put('k', 'x'));
    expect(clock.monotonic() - before).toBe(250);
    const again = clock.monotonic();
    await clock.run(client.bucket('b').put('k', 'y'));
    expect(clock.monotonic() - again).toBeLessThanOrEqual(250);
  });

  it('does not wait beyond the quorum for a node that failed a moment ago', async () => {
    cluster.network.crash('node-3');
    cluster.leader.openVolumes = 1;
    await clock.run(client.bucket('b').put('a', 'x'));
    cluster.node(3).onPut = (_request, context) => forever(context);
    await cluster.startNode(cluster.node(3));
    const before = clock.monotonic();
    await clock.run(client.bucket('b').put('b', 'y'));
    expect(clock.monotonic() - before).toBeLessThan(250);
  });

  it('cuts a large send that hangs, frees its memory, and reports the replica', async () => {
    cluster.node(3).onPut = (_request, context) => forever(context);
    await clock.run(client.bucket('b').put('k', testBytes(2 * MIB)));
    expect(client.memory.writeBytes).toBeGreaterThan(0);
    await clock.advance(6000);
    expect(client.memory.writeBytes).toBe(0);
    expect(cluster.leader.failures).toMatchObject([{ nodeId: 'node-3', code: 'DEADLINE_EXCEEDED' }]);
  });
});

describe('a put without a quorum', () => {
  it.each<ErrorCode>(['VOLUME_SEALED', 'VOLUME_FULL', 'GENERATION_STALE', 'OVERLOADED', 'CHUNK_CORRUPT'])(
    'because of %s puts the same bytes under a new id into another volume',
    async (code) => {
      const ids = new Set<string>();
      let refusals = 0;
      for (const node of cluster.nodes) {
        node.onPut = ({ chunkId, volumeId }) => {
          ids.add(chunkId);
          if (volumeId !== 1) return;
          refusals += 1;
          throw new CairnError(code);
        };
      }
      const body = testBytes(100_000);
      await clock.run(client.bucket('b').put('k', body));
      expect(refusals).toBe(3);
      expect(ids.size).toBe(2);
      expect(Buffer.compare(await read('k'), body)).toBe(0);
      expect(await copiesOf('k')).toEqual([3]);
      expect(cluster.leader.commits).toHaveLength(1);
    },
  );

  it('is refused in the end, with the reason, and keeps nothing', async () => {
    await clock.run(client.bucket('b').put('k', 'old'));
    for (const node of cluster.nodes) node.onPut = refuse('VOLUME_FAILED');
    const failure = await clock.run(failureOf(client.bucket('b').put('k', 'new')));
    expect(failure.code).toBe('WRITE_QUORUM_UNAVAILABLE');
    for (const node of cluster.nodes) node.onPut = refuse('DISK_FULL');
    expect((await clock.run(failureOf(client.bucket('b').put('k', testBytes(9 * MIB))))).code).toBe('STORAGE_FULL');
    await clock.advance(60_000);
    expect(client.memory.writeBytes).toBe(0);
    expect(Buffer.from(await read('k')).toString()).toBe('old');
  });

  it('is refused within a bounded time when no node answers', async () => {
    await clock.run(client.bucket('b').put('k', 'old'));
    for (const node of cluster.nodes) node.onPut = (_request, context) => forever(context);
    const before = clock.monotonic();
    const failure = await clock.run(failureOf(client.bucket('b').put('k', 'new')));
    expect(failure.code).toBe('WRITE_QUORUM_UNAVAILABLE');
    expect(clock.monotonic() - before).toBeLessThanOrEqual(30_000);
  });

  it('goes on when nodes come back while it is under way', async () => {
    for (const node of cluster.nodes) cluster.network.crash(node.id);
    const put = client.bucket('b').put('k', 'x');
    await clock.advance(50);
    for (const node of cluster.nodes) await cluster.startNode(node);
    await clock.run(put);
    expect(await copiesOf('k')).toEqual([3]);
  });
});

describe('the answer of a put', () => {
  it('means that two replicas hold the bytes, even if one ack comes from the same host', async () => {
    cluster = await FakeCluster.start({ clock });
    client = cluster.client();
    for (const node of cluster.nodes.slice(1)) Object.assign(node.domain, { host: 'shared' });
    cluster.node(1).onPut = refuse('DISK_FAILED');
    expect((await clock.run(failureOf(client.bucket('b').put('k', 'x')))).code).toBe('WRITE_QUORUM_UNAVAILABLE');
  });
});

describe('two replicas at one address', () => {
  it('are one copy, for one process answers for both', async () => {
    const [first, second] = cluster.nodes;
    if (first === undefined || second === undefined) throw new Error('five nodes');
    second.endpoint = first.endpoint;
    cluster.leader.replicas = 2;
    cluster.leader.openVolumes = 1;
    const error = await clock.run(failureOf(client.bucket('b').put('k', 'x')));
    expect(error.code).toBe('WRITE_QUORUM_UNAVAILABLE');
    expect(cluster.leader.objects.has('b/k')).toBe(false);
  });

  it('leave the other replicas to make the quorum', async () => {
    const [first, second] = cluster.nodes;
    if (first === undefined || second === undefined) throw new Error('five nodes');
    second.endpoint = first.endpoint;
    await clock.run(client.bucket('b').put('k', 'x'));
    expect(await copiesOf('k')).toEqual([2]);
  });
});
