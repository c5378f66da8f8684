/** docs/s3.md says what the code does. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { S3_ERRORS } from '../errors/s3-error.ts';
import { OPERATION_KINDS } from './accepted-headers.ts';

const text = fs.readFileSync(path.resolve(import.meta.dirname, '../../../docs/s3.md'), 'utf8');
const rows = [...text.matchAll(/^\| ([^|]+) \| ([^|]+) \|/gm)].map(([, first = '', second = '']) => [
  first.trim(),
  second.trim(),
]);

describe('docs/s3.md', () => {
  it('names exactly the operations that exist as supported', () => {
    const supported = rows.filter(([, word]) => word === 'yes' || word === 'partly').map(([name]) => name);
    expect(supported.sort()).toEqual([...OPERATION_KINDS].sort());
  });

  it('names every error under its status', () => {
    const documented = rows
      .filter(([status = '']) => /^\d{3}$/.test(status))
      .flatMap(([status, codes = '']) => [...codes.matchAll(/\b[A-Z]\w{6,}\b/g)].map(([code]) => `${status} ${code}`));
    const codes = Object.entries(S3_ERRORS).map(([code, [status]]) => `${status} ${code}`);
    expect(documented.filter((entry) => codes.includes(entry)).sort()).toEqual(codes.sort());
  });
});
