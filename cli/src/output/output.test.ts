/** What people and scripts get to see. */
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { JsonList } from './json-list.ts';
import { durationText, progressText } from './progress.ts';
import { printable, table, timeText } from './table.ts';

describe('table', () => {
  it('aligns text left and figures right', () => {
    const rows = [
      { name: 'a', bytes: 5, size: '5 B' },
      { name: 'long-name', bytes: 12345, size: '12.1 KiB' },
    ];
    const columns = [
      { title: 'NAME', cell: (row: (typeof rows)[number]) => row.name },
      { title: 'BYTES', cell: (row: (typeof rows)[number]) => row.bytes },
      { title: 'SIZE', cell: (row: (typeof rows)[number]) => row.size },
    ];
    expect(table(columns, rows)).toBe(
      ['NAME       BYTES      SIZE', 'a              5       5 B', 'long-name  12345  12.1 KiB'].join('\n'),
    );
    expect(table(columns, [])).toBe('NAME  BYTES  SIZE');
  });
});

describe('printable', () => {
  it('shows what would move the cursor instead of obeying it', () => {
    expect(printable('a\u001b[2Jb\nc')).toBe('a\\u001b[2Jb\\u000ac');
    expect(printable('right\u202eleft\u009b')).toBe('right\\u202eleft\\u009b');
    expect(printable('ü日本')).toBe('ü日本');
  });
});

describe('times and progress', () => {
  it('are in words', () => {
    expect(timeText(0)).toBe('1970-01-01 00:00:00');
    expect([5, 65, 3700].map(durationText)).toEqual(['5 s', '1 min 05 s', '1 h 01 min']);
  });

  it('show rate and time left', () => {
    const text = progressText({ progress: 0.5, done: 50 * 1024 ** 2, totalBytes: 100 * 1024 ** 2, seconds: 5 });
    expect(text).toContain('50 %');
    expect(text).toContain('10 MiB/s');
    expect(text).toContain('5 s left');
    expect(progressText({ progress: 0, done: 1024, totalBytes: undefined, seconds: 1 })).toBe('1 KiB  1 KiB/s');
    expect(progressText({ progress: 0, done: 0, totalBytes: 100, seconds: 0 })).toContain('unknown left');
  });
});

describe('JsonList', () => {
  it.each([[[]], [[{ key: 'a' }]], [[{ key: 'a' }, { key: '"b"' }]]])('writes %j as one document', async (entries) => {
    const stream = new PassThrough();
    const list = new JsonList('entries', stream);
    for (const entry of entries) await list.add(entry);
    await list.end();
    stream.end();
    expect(JSON.parse((await stream.toArray()).join(''))).toEqual({ entries });
  });
});
