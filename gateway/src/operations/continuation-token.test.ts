/** Continuation tokens come back as they were given out, or are refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusal } from '../testing/requests.ts';
import { ContinuationTokens } from './continuation-token.ts';

const tokens = new ContinuationTokens('a secret of the cluster');
const subject = { bucket: 'bucket', prefix: 'a/', delimiter: '/' };
const position = { startAfter: 'a/b', startAfterPrefix: false };

describe('continuation tokens', () => {
  it('carry any position, also to another gateway of the cluster', () => {
    const other = new ContinuationTokens('a secret of the cluster');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.boolean(), (startAfter, startAfterPrefix) => {
        const token = tokens.encode(subject, { startAfter, startAfterPrefix });
        expect(other.decode(subject, token)).toEqual({ startAfter, startAfterPrefix });
      }),
    );
  });

  it('are refused with any character changed', () => {
    const token = tokens.encode(subject, position);
    for (let at = 0; at < token.length; at++) {
      const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
      expect(
        refusal(() => tokens.decode(subject, changed)),
        changed,
      ).toBe('InvalidArgument');
    }
  });

  it('are refused when they are none, or of another listing or cluster', () => {
    const token = tokens.encode(subject, position);
    for (const text of ['', 'a', 'x'.repeat(24), '%', `${token}=`, `${token}\n`]) {
      expect(
        refusal(() => tokens.decode(subject, text)),
        text,
      ).toBe('InvalidArgument');
    }
    for (const other of [{ bucket: 'other' }, { prefix: '' }, { delimiter: '' }]) {
      expect(refusal(() => tokens.decode({ ...subject, ...other }, token))).toBe('InvalidArgument');
    }
    expect(refusal(() => new ContinuationTokens('another secret').decode(subject, token))).toBe('InvalidArgument');
  });
});
