/** The Range header in all its forms. */
import { describe, expect, it } from 'vitest';
import { parseRange } from './byte-range.ts';

describe('the Range header', () => {
  it('is one range, an open one or a suffix', () => {
    expect(parseRange('bytes=0-9')).toEqual({ start: 0, end: 9 });
    expect(parseRange('bytes=5-')).toEqual({ start: 5 });
    expect(parseRange('bytes=-3')).toEqual({ suffix: 3 });
    expect(parseRange('BYTES=0-0')).toEqual({ start: 0, end: 0 });
    expect(parseRange('bytes=-0')).toEqual({ suffix: 0 });
  });

  it('may name bytes that no object has', () => {
    const range = parseRange('bytes=1-99999999999999999999');
    expect(range).toEqual({ start: 1, end: Number.MAX_SAFE_INTEGER - 1 });
  });

  it('is ignored when it cannot be read', () => {
    const unreadable = [
      undefined,
      '',
      'bytes',
      'bytes=',
      'bytes=-',
      'bytes=a-b',
      'bytes=9-1',
      'bytes=0-1,3-4',
      'rows=0-1',
    ];
    expect(unreadable.map(parseRange)).toEqual(unreadable.map(() => undefined));
  });
});
