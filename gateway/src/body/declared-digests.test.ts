/** What clients may declare of a body. */
import { describe, expect, it } from 'vitest';
import { refusal } from '../testing/requests.ts';
import { declaredDigests } from './declared-digests.ts';

describe('declared digests', () => {
  it('are none where nothing is declared', () => {
    expect(declaredDigests({})).toEqual({ md5: undefined, checksum: undefined });
  });

  it('are read from Content-MD5, a checksum header or an announced trailer', () => {
    expect(declaredDigests({ 'content-md5': 'XUFAKrxLKna5cZ2REBfFkg==' }).md5).toBe('5d41402abc4b2a76b9719d911017c592');
    const header = 'x-amz-checksum-crc32';
    expect(declaredDigests({ [header]: 'NhCmhg==', 'x-amz-sdk-checksum-algorithm': 'CRC32' }).checksum).toEqual({
      algorithm: 'crc32',
      header,
      value: 'NhCmhg==',
    });
    expect(declaredDigests({ 'x-amz-trailer': 'x-amz-checksum-crc64nvme' }).checksum).toEqual({
      algorithm: 'crc64nvme',
      header: 'x-amz-checksum-crc64nvme',
      value: undefined,
    });
  });

  const refusals: [name: string, headers: Record<string, string>, code: string][] = [
    ['a Content-MD5 that is not base64', { 'content-md5': 'not base64!' }, 'InvalidDigest'],
    ['a Content-MD5 of another length', { 'content-md5': 'AAAA' }, 'InvalidDigest'],
    ['a checksum that is not base64', { 'x-amz-checksum-crc32': '????' }, 'InvalidRequest'],
    ['a checksum of another length', { 'x-amz-checksum-sha256': 'AAAAAA==' }, 'InvalidRequest'],
    ['an unknown checksum', { 'x-amz-checksum-xxhash3': 'AAAAAA==' }, 'NotImplemented'],
    ['an unknown trailer', { 'x-amz-trailer': 'x-amz-meta-a' }, 'NotImplemented'],
    [
      'two checksums',
      { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-trailer': 'x-amz-checksum-crc32c' },
      'InvalidRequest',
    ],
    ['an algorithm without its checksum', { 'x-amz-sdk-checksum-algorithm': 'SHA256' }, 'InvalidRequest'],
    ['a checksum of parts', { 'x-amz-checksum-type': 'COMPOSITE' }, 'NotImplemented'],
  ];
  for (const [name, headers, code] of refusals) {
    it(`refuse ${name} with ${code}`, () => expect(refusal(() => declaredDigests(headers))).toBe(code));
  }
});
