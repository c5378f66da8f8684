/** Conditional requests: the table of RFC 9110 and what S3 makes of it. */
import { describe, expect, it } from 'vitest';
import { refusal } from '../testing/requests.ts';
import { judgeRead, type ReadVerdict, rangeApplies, writeConditions } from './conditions.ts';

const AT = Date.parse('2030-01-01T12:00:00.700Z');
const BEFORE = 'Tue, 01 Jan 2030 11:59:59 GMT';
const SAME = 'Tue, 01 Jan 2030 12:00:00 GMT';
const AFTER = 'Tue, 01 Jan 2030 12:00:01 GMT';
const version = { etag: 'abc', lastModifiedMs: AT };

describe('conditions of a read', () => {
  const table: [headers: Record<string, string>, verdict: ReadVerdict][] = [
    [{}, 'send'],
    [{ 'if-match': '"abc"' }, 'send'],
    [{ 'if-match': 'abc' }, 'send'],
    [{ 'if-match': '*' }, 'send'],
    [{ 'if-match': '"x", "abc"' }, 'send'],
    [{ 'if-match': '"x"' }, 'failed'],
    [{ 'if-match': 'W/"abc"' }, 'failed'],
    [{ 'if-none-match': '"abc"' }, 'not-modified'],
    [{ 'if-none-match': 'W/"abc"' }, 'not-modified'],
    [{ 'if-none-match': '*' }, 'not-modified'],
    [{ 'if-none-match': '"x"' }, 'send'],
    [{ 'if-modified-since': BEFORE }, 'send'],
    [{ 'if-modified-since': SAME }, 'not-modified'],
    [{ 'if-modified-since': AFTER }, 'not-modified'],
    [{ 'if-modified-since': 'yesterday' }, 'send'],
    [{ 'if-unmodified-since': BEFORE }, 'failed'],
    [{ 'if-unmodified-since': SAME }, 'send'],
    [{ 'if-match': '"abc"', 'if-unmodified-since': BEFORE }, 'send'],
    [{ 'if-none-match': '"abc"', 'if-modified-since': BEFORE }, 'not-modified'],
    [{ 'if-none-match': '"x"', 'if-modified-since': AFTER }, 'send'],
  ];
  for (const [headers, verdict] of table) {
    it(`say ${verdict} for ${JSON.stringify(headers)}`, () => expect(judgeRead(headers, version)).toBe(verdict));
  }

  it('let a range apply only to the version that If-Range names', () => {
    const values = [undefined, '"abc"', '"x"', 'W/"abc"', SAME, BEFORE];
    const applies = values.map((value) => rangeApplies(value === undefined ? {} : { 'if-range': value }, version));
    expect(applies).toEqual([true, true, false, false, true, false]);
  });
});

describe('conditions of a write', () => {
  it('are one etag to match, or that nothing is there', () => {
    expect(writeConditions({ 'if-match': '"abc"' })).toEqual({ ifMatch: 'abc', ifNoneMatch: undefined });
    expect(writeConditions({ 'if-none-match': '*' })).toEqual({ ifMatch: undefined, ifNoneMatch: '*' });
  });

  it('are refused where the leader could not judge them exactly', () => {
    const headers = [
      { 'if-none-match': '"abc"' },
      { 'if-match': '"a", "b"' },
      { 'if-match': 'W/"a"' },
      { 'if-match': '""' },
      { 'if-unmodified-since': SAME },
      { 'if-modified-since': SAME },
    ];
    for (const each of headers)
      expect(
        refusal(() => writeConditions(each)),
        JSON.stringify(each),
      ).toBe('NotImplemented');
  });
});
