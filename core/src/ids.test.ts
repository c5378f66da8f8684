/** Ids: unique by construction, exact as numbers, parsed strictly. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CairnError } from './errors.ts';
import {
  chunkId,
  counterOf,
  parseChunkId,
  parseNodeId,
  parseSessionId,
  parseVersionId,
  parseVolumeId,
  sessionOf,
  versionId,
} from './ids.ts';
import { InvariantViolation } from './invariant.ts';

const sessions = fc.maxSafeNat().filter((session) => session >= 1);

/** Whether the value is refused, and as what it should be. */
function isRefused(parse: () => unknown): boolean {
  try {
    parse();
    return false;
  } catch (error) {
    return error instanceof CairnError && error.code === 'INVALID_ARGUMENT';
  }
}

describe('a chunk or version id', () => {
  it('gives back the session and the counter it was made of', () => {
    fc.assert(
      fc.property(sessions, fc.maxSafeNat(), (session, counter) => {
        const id = chunkId(parseSessionId(session), counter);
        expect([sessionOf(id), counterOf(id)]).toEqual([session, counter]);
        expect(parseChunkId(id)).toBe(id);
        expect(parseVersionId(versionId(parseSessionId(session), counter))).toBe(id);
      }),
    );
  });

  it('sorts as text in the order of sessions and counters', () => {
    fc.assert(
      fc.property(fc.tuple(sessions, fc.maxSafeNat()), fc.tuple(sessions, fc.maxSafeNat()), (left, right) => {
        const [a, b] = [left, right].map(([session, counter]) => chunkId(parseSessionId(session), counter));
        const order = Math.sign(left[0] - right[0]) || Math.sign(left[1] - right[1]);
        expect(Buffer.compare(Buffer.from(a as string), Buffer.from(b as string))).toBe(order);
      }),
    );
  });

  it('is not made of numbers that would not come back', () => {
    const session = parseSessionId(1);
    for (const counter of [-1, 0.5, 2 ** 53, Number.NaN]) {
      expect(() => chunkId(session, counter)).toThrow(InvariantViolation);
    }
    expect(() => versionId(0 as typeof session, 1)).toThrow(InvariantViolation);
  });

  const malformed = {
    'upper case': '0000000000000001000000000000000A',
    'too short': '000000000000000100000000000000a',
    'too long': '000000000000000100000000000000a00',
    'a line feed at the end': '000000000000000100000000000000aa\n',
    'no hex digit': '000000000000000100000000000000ag',
    'a session of zero': '00000000000000000000000000000001',
    'a session beyond 2^53': '00200000000000000000000000000001',
    'a counter beyond 2^53': '00000000000000010020000000000000',
    nothing: '',
  };
  it.each(Object.entries(malformed))('is refused with %s', (_title, text) => {
    expect(isRefused(() => parseChunkId(text))).toBe(true);
    expect(isRefused(() => parseVersionId(text))).toBe(true);
  });
});

describe('a number that names something', () => {
  it('is a volume from 1 to 2^32 - 1', () => {
    expect([parseVolumeId(1), parseVolumeId(0xffff_ffff)]).toEqual([1, 0xffff_ffff]);
    for (const value of [0, -1, 1.5, 2 ** 32, Number.NaN]) expect(isRefused(() => parseVolumeId(value))).toBe(true);
  });

  it('is a session from 1 to 2^53 - 1', () => {
    expect(parseSessionId(Number.MAX_SAFE_INTEGER)).toBe(Number.MAX_SAFE_INTEGER);
    for (const value of [0, -1, 1.5, 2 ** 53, Number.NaN]) expect(isRefused(() => parseSessionId(value))).toBe(true);
  });
});

describe('a node id', () => {
  it.each(['n', 'storage-node-1', '0', 'a'.repeat(64)])('may be %s', (text) => {
    expect(parseNodeId(text)).toBe(text);
  });

  it.each(['', '-a', 'A', 'a_b', 'a/b', '..', 'a\n', 'a'.repeat(65)])('may not be %j', (text) => {
    expect(isRefused(() => parseNodeId(text))).toBe(true);
  });
});
