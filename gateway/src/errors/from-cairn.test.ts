/** What clients are told of failures. */
import { CairnError, ERRORS, type ErrorCode } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { s3CodeOf, toS3Error } from './from-cairn.ts';
import { S3_ERRORS, S3Error } from './s3-error.ts';

describe('errors', () => {
  it('that may pass are 5xx, so that clients try again', () => {
    const retryable = (Object.keys(ERRORS) as ErrorCode[]).filter((code) => ERRORS[code].retryable);
    const statuses = retryable.map((code) => S3_ERRORS[s3CodeOf(code)][0]);
    expect(statuses.every((status) => status >= 500)).toBe(true);
  });

  it('of the inside do not show their text', () => {
    expect(toS3Error(new Error('secret path /var/x')).message).not.toContain('secret');
    expect(toS3Error(new CairnError('DISK_FAILED', 'secret path /var/x')).message).not.toContain('secret');
  });

  it('of a body are found behind what the SDK made of them', () => {
    const cause = new S3Error('BadDigest');
    expect(toS3Error(new CairnError('INTERNAL', 'the body failed', { cause }))).toBe(cause);
  });
});
