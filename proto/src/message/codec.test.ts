import { hasCode } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { messageCodec } from './codec.ts';

interface Reference {
  volumeId: number;
  chunkId: string;
  bytes: number;
}
const reference = messageCodec<Reference>('cairn.v1.ChunkReference');
const getChunk = messageCodec<{ payload: Uint8Array; chunkBytes: number }>('cairn.v1.GetChunkResponse');

function refusalOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** ChunkReference.bytes as a varint of any size. */
function withVarint(value: bigint): Buffer {
  const digits: number[] = [3 << 3];
  for (let left = value; ; left >>= 7n) {
    if (left < 128n) return Buffer.from([...digits, Number(left)]);
    digits.push(Number(left & 127n) | 128);
  }
}

describe('the message codec', () => {
  it.each([0, 1, 127, 128, 0xffff_ffff, 2 ** 32, 2 ** 40 + 1, Number.MAX_SAFE_INTEGER])(
    'keeps the number %d',
    (bytes) => {
      const value = { volumeId: 1, chunkId: 'c', bytes };
      expect(reference.decode(reference.encode(value))).toEqual(value);
      expect(reference.decode(withVarint(BigInt(bytes))).bytes).toBe(bytes);
    },
  );

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    'refuses to encode %d as a whole number',
    (bytes) => {
      const refusal = refusalOf(() => reference.encode({ volumeId: 1, chunkId: 'c', bytes }));
      expect(hasCode(refusal, 'INVALID_ARGUMENT')).toBe(true);
    },
  );

  it.each([2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 69n])('refuses to decode %d', (value) => {
    expect(
      hasCode(
        refusalOf(() => reference.decode(withVarint(value))),
        'INVALID_ARGUMENT',
      ),
    ).toBe(true);
  });

  it('gives every field of an empty message its default', () => {
    expect(reference.decode(new Uint8Array())).toEqual({ volumeId: 0, chunkId: '', bytes: 0 });
    const request = messageCodec<object>('cairn.v1.CommitRequest').decode(new Uint8Array());
    expect(request).toMatchObject({ sessionId: 0, putObject: null, deleteBucket: null });
    const registration = messageCodec<object>('cairn.v1.RegisterNodeRequest').decode(new Uint8Array());
    expect(registration).toMatchObject({ endpoint: { grpc: '' }, domain: { host: '' }, volumes: [] });
  });

  it('gives each message lists of its own', () => {
    const codec = messageCodec<{ chunkIds: string[] }>('cairn.v1.DeleteChunksRequest');
    codec.decode(new Uint8Array()).chunkIds.push('x');
    expect(codec.decode(new Uint8Array()).chunkIds).toEqual([]);
  });

  it('decodes bytes as views of what it was given', () => {
    const message = getChunk.encode({ chunkBytes: 1, payload: Uint8Array.of(1, 2, 3) });
    expect(getChunk.decode(message).payload.buffer).toBe(message.buffer);
    const copied = new Uint8Array(message);
    expect(getChunk.decode(copied.subarray(0)).payload).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('skips fields that it does not know', () => {
    const unknown = Buffer.from([((100 << 3) & 127) | 128, (100 << 3) >> 7, 5]);
    expect(reference.decode(Buffer.concat([unknown, withVarint(7n)])).bytes).toBe(7);
  });

  it('refuses text with half of a surrogate pair, and bytes that are not UTF-8', () => {
    const half = refusalOf(() => reference.encode({ volumeId: 1, chunkId: 'a\ud800', bytes: 1 }));
    expect(hasCode(half, 'INVALID_ARGUMENT')).toBe(true);
    const broken = refusalOf(() => reference.decode(Buffer.from([(2 << 3) | 2, 2, 0xc3, 0x28])));
    expect(hasCode(broken, 'INVALID_ARGUMENT')).toBe(true);
    const replacement = { volumeId: 1, chunkId: 'a\ufffd', bytes: 1 };
    expect(reference.decode(reference.encode(replacement))).toEqual(replacement);
  });

  it('refuses every truncation of a message, or reads a message of fewer fields', () => {
    const whole = reference.encode({ volumeId: 300, chunkId: 'chunk', bytes: 2 ** 40 });
    const fieldEnds = new Set([0, 3, 10]);
    for (let length = 0; length < whole.length; length++) {
      const refusal = refusalOf(() => reference.decode(whole.subarray(0, length)));
      expect(hasCode(refusal, 'INVALID_ARGUMENT')).toBe(!fieldEnds.has(length));
    }
  });

  it('survives random bytes', () => {
    let state = 1;
    const next = () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state >>> 24;
    };
    for (let round = 0; round < 2000; round++) {
      const noise = Uint8Array.from({ length: round % 60 }, next);
      const refusal = refusalOf(() => messageCodec('cairn.v1.RegisterNodeRequest').decode(noise));
      expect(refusal === undefined || hasCode(refusal, 'INVALID_ARGUMENT')).toBe(true);
    }
  });
});
