/** Reading past failures, on a virtual clock. */
import { CairnError, type ErrorCode, type GetChunkResponse, LIMITS } from '@cairn/core';
import { VirtualClock } from '@cairn/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CairnClient } from '../client.ts';
import { FakeCluster, failureOf, testBytes } from '../testing/fake-cluster.ts';
import { type FakeNode, forever } from '../testing/fake-node.ts';
import type { ByteRange } from './byte-range.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

let clock: VirtualClock;
let cluster: FakeCluster;
let client: CairnClient;

beforeEach(async () => {
  clock = new VirtualClock();
  cluster = await FakeCluster.start({ clock });
  client = cluster.client();
});

async function put(key: string, body: Uint8Array): Promise<void> {
  await clock.run(client.bucket('b').put(key, body));
}

async function read(key: string, range?: ByteRange): Promise<Uint8Array> {
  return await clock.run(
    client
      .bucket('b')
      .get(key, { range })
      .then((got) => got.bytes()),
  );
}

async function expectRead(key: string, body: Uint8Array): Promise<void> {
  expect(Buffer.compare(await read(key), body)).toBe(0);
}

function flipBit(answer: GetChunkResponse): GetChunkResponse {
  const payload = answer.payload.slice();
  payload[payload.length >> 1] = (payload[payload.length >> 1] as number) ^ 4;
  return { ...answer, payload };
}

describe('a range', () => {
  it('gives exactly its bytes, wherever it begins and ends', async () => {
    const body = testBytes(9 * MIB + 3);
    await put('k', body);
    const edges = [0, 1, 64 * KIB - 1, 64 * KIB, MIB, 8 * MIB - 1, 8 * MIB, body.length - 1];
    for (const start of edges) {
      for (const end of edges.filter((edge) => edge >= start)) {
        const got = await clock.run(client.bucket('b').get('k', { range: { start, end } }));
        expect(got.contentRange).toBe(`bytes ${start}-${end}/${body.length}`);
        expect(got.contentLength).toBe(end - start + 1);
        expect(Buffer.compare(await clock.run(got.bytes()), body.subarray(start, end + 1))).toBe(0);
      }
    }
    expect(Buffer.compare(await read('k', { suffix: 100 }), body.subarray(-100))).toBe(0);
  });

  it('asks for no more than the blocks it needs', async () => {
    await put('k', testBytes(8 * MIB));
    let bytes = 0;
    for (const node of cluster.nodes) {
      node.onGet = (_request, answer) => {
        bytes += answer.payload.length;
        return answer;
      };
    }
    await read('k', { start: 3 * MIB - 1, end: 3 * MIB });
    expect(bytes).toBe(2 * LIMITS.blockBytes);
  });

  it('outside of the object is refused', async () => {
    await put('k', testBytes(10));
    const bucket = client.bucket('b');
    expect((await clock.run(failureOf(bucket.get('k', { range: { start: 10 } })))).code).toBe('RANGE_INVALID');
  });
});

describe('a get with one bad replica', () => {
  const faults: [string, (node: FakeNode) => void][] = [
    ['dead', (node) => cluster.network.crash(node.id)],
    [
      'damaged',
      (node) => {
        node.onGet = (_request, answer) => flipBit(answer);
      },
    ],
    [
      'hanging',
      (node) => {
        node.onGet = (_request, _answer, context) => forever(context);
      },
    ],
    ['empty', (node) => node.volumes.clear()],
    [
      'truncating',
      (node) => {
        node.onGet = (_request, answer) => ({
          ...answer,
          payload: answer.payload.subarray(0, -1),
          blockChecksums: answer.blockChecksums,
        });
      },
    ],
    [
      'mixing up its chunks',
      (node) => {
        node.onGet = (request, answer) => {
          const others = [...(node.volumes.get(request.volumeId)?.values() ?? [])];
          const other = others.find(({ chunkId }) => chunkId !== request.chunkId);
          const { payload = answer.payload, blockChecksums = answer.blockChecksums } = other ?? {};
          return { ...answer, payload: payload.slice(0, answer.payload.length), blockChecksums };
        };
      },
    ],
  ];

  it.each(faults)('that is %s gives the right bytes', async (_what, inflict) => {
    const bodies = [testBytes(100), testBytes(20 * MIB + 5)];
    for (const [at, body] of bodies.entries()) await put(`k${at}`, body);
    inflict(cluster.node(2));
    for (let round = 0; round < 3; round++) {
      for (const [at, body] of bodies.entries()) await expectRead(`k${at}`, body);
    }
    expect(client.memory.readAheadBytes).toBe(0);
  });

  it('goes on at the byte where a replica failed', async () => {
    const body = testBytes(8 * MIB);
    await put('k', body);
    let gets = 0;
    cluster.node(1).onGet = (_request, answer) => {
      gets += 1;
      if (gets === 2) cluster.network.crash('node-1');
      return answer;
    };
    await expectRead('k', body);
    expect(cluster.nodes.reduce((sum, node) => sum + node.gets, 0)).toBeLessThanOrEqual(8 + LIMITS.getPiecesInFlight);
  });

  it('reports damage once, and asks that replica last from then on', async () => {
    await put('k', testBytes(100));
    cluster.node(3).onGet = (_request, answer) => flipBit(answer);
    for (let round = 0; round < 9; round++) await read('k');
    expect(cluster.leader.reports).toMatchObject([{ nodeId: 'node-3', code: 'CHUNK_CORRUPT' }]);
    expect(cluster.node(3).gets).toBe(1);
  });

  it('reports a chunk that is missing from one replica only', async () => {
    await put('k', testBytes(100));
    for (const chunks of cluster.node(1).volumes.values()) chunks.clear();
    for (let round = 0; round < 9; round++) await read('k');
    expect(cluster.leader.reports).toMatchObject([{ nodeId: 'node-1', code: 'CHUNK_NOT_FOUND' }]);
  });

  it('follows a node that came back at another port', async () => {
    const body = testBytes(100);
    await put('k', body);
    for (const node of cluster.nodes) cluster.network.crash(node.id);
    for (const node of cluster.nodes) await cluster.startNode(node);
    await expectRead('k', body);
  });
});

describe('a slow replica', () => {
  it('costs the hedge delay once, and then others are asked first', async () => {
    await put('k', testBytes(100));
    cluster.node(1).onGet = (_request, _answer, context) => forever(context);
    const before = clock.monotonic();
    for (let round = 0; round < 30; round++) await read('k');
    expect(clock.monotonic() - before).toBe(500);
  });

  it('is asked in vain for a bounded share of reads when all are slow', async () => {
    await put('k', testBytes(100));
    for (const node of cluster.nodes) {
      node.onGet = (_request, answer) => {
        return new Promise((resolve) => clock.schedule(2000, () => resolve(answer)));
      };
    }
    const reads = 400;
    for (let round = 0; round < reads; round += 100) {
      await Promise.all(Array.from({ length: 100 }, () => read('k')));
    }
    const gets = cluster.nodes.reduce((sum, node) => sum + node.gets, 0);
    expect(gets).toBeGreaterThan(reads);
    expect(gets).toBeLessThanOrEqual(reads * 1.05 + 10);
  });

  it('of a large piece is cut when another one was quicker', async () => {
    await put('k', testBytes(2 * MIB));
    let cuts = 0;
    cluster.node(1).onGet = (_request, _answer, { signal }) =>
      new Promise(() => signal.addEventListener('abort', () => cuts++));
    for (let round = 0; round < 3; round++) await read('k');
    await clock.advance(1);
    expect(cuts).toBe(cluster.node(1).gets);
    expect(cuts).toBeGreaterThan(0);
  });
});

describe('a get without any good replica', () => {
  it('is refused as damaged when every copy is bad, and no byte is given', async () => {
    await put('k', testBytes(100));
    for (const node of cluster.nodes) node.onGet = (_request, answer) => flipBit(answer);
    expect((await clock.run(failureOf(client.bucket('b').get('k')))).code).toBe('OBJECT_DAMAGED');
    expect(cluster.leader.reports).toHaveLength(3);
    expect(cluster.leader.countOf('LookupVolumes')).toBe(1);
  });

  it('breaks off where the damage begins, after right bytes only', async () => {
    const body = testBytes(8 * MIB);
    await put('k', body);
    for (const node of cluster.nodes) {
      node.onGet = (request, answer) => (request.offset < 5 * MIB ? answer : flipBit(answer));
    }
    const got = await clock.run(client.bucket('b').get('k'));
    const pieces: Uint8Array[] = [];
    const reading = (async () => {
      for await (const piece of got.pieces()) pieces.push(piece);
    })();
    expect((await clock.run(failureOf(reading))).code).toBe('OBJECT_DAMAGED');
    expect(Buffer.compare(Buffer.concat(pieces), body.subarray(0, 5 * MIB))).toBe(0);
    expect(client.memory.readAheadBytes).toBe(0);
  });

  it('is refused as damaged and reported when every copy is gone', async () => {
    await put('k', testBytes(100));
    for (const node of cluster.nodes) for (const chunks of node.volumes.values()) chunks.clear();
    expect((await clock.run(failureOf(client.bucket('b').get('k')))).code).toBe('OBJECT_DAMAGED');
    await clock.advance(1000);
    expect(cluster.leader.reports).toHaveLength(3);
  });

  it.each<ErrorCode>(['UNAVAILABLE', 'OVERLOADED', 'DISK_FAILED'])(
    'because of %s is not called damaged',
    async (code) => {
      await put('k', testBytes(100));
      for (const node of cluster.nodes) {
        node.onGet = () => {
          throw new CairnError(code);
        };
      }
      const before = clock.monotonic();
      expect((await clock.run(failureOf(client.bucket('b').get('k')))).code).toBe('UNAVAILABLE');
      expect(clock.monotonic() - before).toBeLessThan(10_000);
    },
  );
});

describe('an object that is replaced between the two reads of a get', () => {
  it('is read as it is by then', async () => {
    await put('k', testBytes(100));
    const fresh = testBytes(200);
    let isFirst = true;
    cluster.leader.onAnswer = async (method) => {
      if (method !== 'GetObject' || !isFirst) return;
      isFirst = false;
      for (const node of cluster.nodes) for (const chunks of node.volumes.values()) chunks.clear();
      await cluster.client().bucket('b').put('k', fresh);
    };
    await expectRead('k', fresh);
    expect(cluster.leader.reports).toEqual([]);
  });

  it('and deleted is not found', async () => {
    await put('k', testBytes(100));
    cluster.leader.onAnswer = (method) => {
      if (method !== 'GetObject') return;
      for (const node of cluster.nodes) for (const chunks of node.volumes.values()) chunks.clear();
      cluster.leader.objects.clear();
    };
    expect((await clock.run(failureOf(client.bucket('b').get('k')))).code).toBe('OBJECT_NOT_FOUND');
  });
});
