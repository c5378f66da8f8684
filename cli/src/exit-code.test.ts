/** Exit codes: what scripts rely on. */
import { CairnError, ERRORS, type ErrorCode } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { describeError, EXIT, exitCodeOf, UsageError } from './exit-code.ts';

describe('exitCodeOf', () => {
  it('gives a failure for every error code', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) expect(exitCodeOf(new CairnError(code))).toBeGreaterThan(0);
  });

  it.each(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'LEADER_UNKNOWN'] as const)('says unreachable for %s', (code) => {
    expect(exitCodeOf(new CairnError(code))).toBe(EXIT.unreachable);
  });

  it('says usage for what was typed wrong and failed for what is no error of ours', () => {
    expect(exitCodeOf(new UsageError('write this'))).toBe(EXIT.usage);
    expect(exitCodeOf(new CairnError('BUCKET_NAME_INVALID'))).toBe(EXIT.usage);
    expect(exitCodeOf(new Error('surprise'))).toBe(EXIT.failed);
    expect(exitCodeOf('surprise')).toBe(EXIT.failed);
  });
});

describe('describeError', () => {
  it('is one line and names the code', () => {
    expect(describeError(new CairnError('OBJECT_NOT_FOUND'))).toBe('there is no such object (OBJECT_NOT_FOUND)');
    expect(describeError(new Error('two\n  lines'))).toBe('two lines');
  });
});
