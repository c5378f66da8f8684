/** The body of a get in the consumer's hands: forms, backpressure, giving up. */
import { LIMITS } from '@cairn/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CairnClient } from '../client.ts';
import { FakeCluster, failureOf, testBytes } from '../testing/fake-cluster.ts';
import { forever } from '../testing/fake-node.ts';

const MIB = 1024 * 1024;
const body = testBytes(20 * MIB);

let cluster: FakeCluster;
let client: CairnClient;

beforeEach(async () => {
  cluster = await FakeCluster.start();
  client = cluster.client();
  await client.bucket('b').put('large', body);
  await client.bucket('b').put('small', 'grün');
});

afterEach(() => cluster.close());

const gets = () => cluster.nodes.reduce((sum, node) => sum + node.gets, 0);

describe('a body', () => {
  it('is given as pieces, as a web stream, whole, or as text', async () => {
    const bucket = client.bucket('b');
    const pieces: Uint8Array[] = [];
    for await (const piece of (await bucket.get('large')).pieces()) pieces.push(piece);
    expect(Buffer.compare(Buffer.concat(pieces), body)).toBe(0);
    const streamed: Uint8Array[] = [];
    for await (const piece of (await bucket.get('large')).body) streamed.push(piece);
    expect(Buffer.compare(Buffer.concat(streamed), body)).toBe(0);
    expect(Buffer.compare(await (await bucket.get('large')).bytes(), body)).toBe(0);
    expect(await (await bucket.get('small')).text()).toBe('grün');
  });

  it('of a small object is one piece', async () => {
    const pieces: Uint8Array[] = [];
    for await (const piece of (await client.bucket('b').get('small')).pieces()) pieces.push(piece);
    expect(pieces.map((piece) => Buffer.from(piece).toString())).toEqual(['grün']);
  });

  it('can be read once', async () => {
    const got = await client.bucket('b').get('small');
    await got.bytes();
    expect(() => got.pieces()).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('a slow consumer', () => {
  it('stops the reading ahead after the window', async () => {
    const pieces = (await client.bucket('b').get('large')).pieces();
    await pieces.next();
    await expect.poll(gets).toBe(1 + LIMITS.getPiecesInFlight);
    expect(client.memory.readAheadBytes).toBe(LIMITS.getPiecesInFlight * MIB);
    await pieces.return?.();
    expect(client.memory.readAheadBytes).toBe(0);
  });

  it('never stops others, however many there are', async () => {
    const held = [];
    for (let at = 0; at < 40; at++) {
      const pieces = (await client.bucket('b').get('large')).pieces();
      await pieces.next();
      held.push(pieces);
    }
    expect(client.memory.readAheadBytes).toBeLessThanOrEqual(LIMITS.clientReadBytes);
    expect(Buffer.compare(await (await client.bucket('b').get('large')).bytes(), body)).toBe(0);
    for (const pieces of held) await pieces.return?.();
    expect(client.memory.readAheadBytes).toBe(0);
  });
});

describe('a body that is given up', () => {
  it('by cancelling its stream is not read on', async () => {
    const reader = (await client.bucket('b').get('large')).body.getReader();
    await reader.read();
    await reader.cancel();
    expect(client.memory.readAheadBytes).toBe(0);
    const before = gets();
    await new Promise((resolve) => setImmediate(resolve));
    expect(gets()).toBe(before);
  });

  it('by its signal ends with CANCELLED, even while a replica hangs', async () => {
    const abort = new AbortController();
    const got = await client.bucket('b').get('large', { signal: abort.signal });
    for (const node of cluster.nodes) node.onGet = (_request, _answer, context) => forever(context);
    const reading = failureOf(got.bytes());
    await expect.poll(gets).toBeGreaterThan(1);
    abort.abort();
    expect((await reading).code).toBe('CANCELLED');
    expect(client.memory.readAheadBytes).toBe(0);
  });

  it('before it began is CANCELLED too', async () => {
    for (const node of cluster.nodes) node.onGet = (_request, _answer, context) => forever(context);
    for (const key of ['large', 'small']) {
      const abort = new AbortController();
      const before = gets();
      const getting = failureOf(client.bucket('b').get(key, { signal: abort.signal }));
      await expect.poll(gets).toBeGreaterThan(before);
      abort.abort();
      expect((await getting).code).toBe('CANCELLED');
    }
  });
});
