/** Headers that are kept with an object. */
import type { Attribute, ObjectVersion } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { refusal } from '../testing/requests.ts';
import { systemHeaders, userMetadata, versionHeaders } from './object-headers.ts';

const bytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

function version(parts: { headers?: Attribute[]; userMetadata?: Attribute[] }): ObjectVersion {
  const base = {
    versionId: '0'.repeat(32) as ObjectVersion['versionId'],
    bytes: 1,
    etag: 'e',
    lastModifiedMs: 0,
    chunks: [],
  };
  return { ...base, headers: [], userMetadata: [], ...parts };
}

function shown(parts: Parameters<typeof version>[0], options = {}): Record<string, string> {
  const list = versionHeaders(version(parts), { overrides: [], withChecksum: false, ...options });
  return Object.fromEntries(Array.from({ length: list.length / 2 }, (_, at) => [list[2 * at], list[2 * at + 1]]));
}

describe('system headers', () => {
  it('are kept without aws-chunked, with a content type in any case', () => {
    expect(systemHeaders({ 'content-encoding': 'aws-chunked,gzip', 'cache-control': 'no-cache', etag: 'x' })).toEqual([
      { name: 'cache-control', value: 'no-cache' },
      { name: 'content-encoding', value: 'gzip' },
      { name: 'content-type', value: 'binary/octet-stream' },
    ]);
    expect(systemHeaders({ 'content-encoding': 'aws-chunked', 'content-type': 'a/b' })).toEqual([
      { name: 'content-type', value: 'a/b' },
    ]);
  });

  it('are shown, and others that came from elsewhere are not', () => {
    const headers = [
      { name: 'content-type', value: 'a/b' },
      { name: 'transfer-encoding', value: 'chunked' },
      { name: 'expires', value: 'bad\r\nvalue' },
    ];
    const names = Object.keys(shown({ headers }));
    expect(names).toEqual(['etag', 'last-modified', 'accept-ranges', 'content-type']);
  });

  it('are overridden by the request', () => {
    const headers = [{ name: 'content-type', value: 'a/b' }];
    expect(shown({ headers }, { overrides: [['content-type', 'c/d']] })).toMatchObject({ 'content-type': 'c/d' });
  });

  it('show the checksum only to those who ask', () => {
    const headers = [{ name: 'x-amz-checksum-crc32', value: 'AAAAAA==' }];
    expect(shown({ headers })).not.toHaveProperty('x-amz-checksum-crc32');
    expect(shown({ headers }, { withChecksum: true })).toMatchObject({
      'x-amz-checksum-crc32': 'AAAAAA==',
      'x-amz-checksum-type': 'FULL_OBJECT',
    });
  });
});

describe('user metadata', () => {
  it('round-trips any text and any name', () => {
    const headers = { 'x-amz-meta-__proto__': bytes('grüße'), 'x-amz-meta-constructor': '' };
    const kept = userMetadata(headers);
    expect(kept).toEqual([
      { name: '__proto__', value: 'grüße' },
      { name: 'constructor', value: '' },
    ]);
    const list = versionHeaders(version({ userMetadata: kept }), { overrides: [], withChecksum: false });
    expect(list).toEqual(expect.arrayContaining(['x-amz-meta-__proto__', bytes('grüße')]));
  });

  it('is refused above 2 KiB, names included', () => {
    expect(refusal(() => userMetadata({ 'x-amz-meta-a': 'v'.repeat(2047) }))).toBe('');
    expect(refusal(() => userMetadata({ 'x-amz-meta-a': 'v'.repeat(2048) }))).toBe('MetadataTooLarge');
  });

  it('is refused when it is not UTF-8', () => {
    expect(refusal(() => userMetadata({ 'x-amz-meta-a': '\xff' }))).toBe('InvalidArgument');
  });

  it('that no header can show is counted', () => {
    const metadata = [
      { name: 'a b', value: 'x' },
      { name: 'c', value: 'x\ny' },
      { name: 'd', value: 'z' },
    ];
    expect(shown({ userMetadata: metadata })).toMatchObject({ 'x-amz-meta-d': 'z', 'x-amz-missing-meta': '2' });
  });
});
