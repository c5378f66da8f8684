/** The table of errors and the ways to ask an error what it is. */
import { describe, expect, it } from 'vitest';
import { CairnError, ERRORS, hasCode, isErrorCode, toCairnError } from './errors.ts';

describe('the table of errors', () => {
  it('names each code in capitals and describes it in lower case without a full stop', () => {
    for (const [code, { message }] of Object.entries(ERRORS)) {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
      expect(message).toMatch(/^[a-z].*[^.]$/);
    }
  });

  it('knows its codes, and nothing that objects have by themselves', () => {
    expect(isErrorCode('DISK_FULL')).toBe(true);
    for (const code of ['disk_full', '', 'constructor', '__proto__']) expect(isErrorCode(code)).toBe(false);
  });

  it('does not call final what a second try may settle, nor the other way round', () => {
    expect(new CairnError('UNAVAILABLE').retryable).toBe(true);
    expect(new CairnError('OVERLOADED').retryable).toBe(true);
    expect(new CairnError('PRECONDITION_FAILED').retryable).toBe(false);
    expect(new CairnError('CANCELLED').retryable).toBe(false);
  });
});

describe('an error', () => {
  it('has the words of the table unless it has its own', () => {
    expect(new CairnError('DISK_FULL').message).toBe(ERRORS.DISK_FULL.message);
    expect(new CairnError('DISK_FULL', 'no room for the journal').message).toBe('no room for the journal');
  });

  it('keeps its cause', () => {
    const cause = new Error('EIO');
    expect(new CairnError('DISK_FAILED', 'read failed', { cause }).cause).toBe(cause);
  });

  it('stays itself, and everything else becomes INTERNAL with its cause', () => {
    const error = new CairnError('DISK_FULL');
    expect(toCairnError(error)).toBe(error);
    const cause = new TypeError('x is not a function');
    expect(toCairnError(cause)).toMatchObject({ code: 'INTERNAL', message: cause.message, cause });
    expect(toCairnError('text')).toMatchObject({ code: 'INTERNAL', message: 'text', cause: 'text' });
    expect(toCairnError(undefined)).toMatchObject({ code: 'INTERNAL' });
  });

  it('is asked for its code, never for its text', () => {
    expect(hasCode(new CairnError('DISK_FULL'), 'DISK_FAILED', 'DISK_FULL')).toBe(true);
    expect(hasCode(new CairnError('DISK_FULL'), 'DISK_FAILED')).toBe(false);
    expect(hasCode({ code: 'DISK_FULL' }, 'DISK_FULL')).toBe(false);
    expect(hasCode(undefined, 'DISK_FULL')).toBe(false);
  });
});
