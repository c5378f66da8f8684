import { readFileSync } from 'node:fs';
import { METHODS } from '@cairn/core';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { WIRE_STATUS } from './error-map.ts';

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

/** The rows of the table that begins with this head, as trimmed cells. */
function rowsAfter(head: string): string[][] {
  const lines = page.slice(page.indexOf(head)).split('\n').slice(2);
  const rows = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith('|')),
  );
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('docs/protocol.md', () => {
  it('lists the methods as the table of methods does', () => {
    const expected = Object.entries(METHODS).map(([name, { travel, deadline, callers }]) => [
      `\`${name}\``,
      travel,
      deadline,
      callers.join(', '),
    ]);
    expect(rowsAfter('| method | travels |')).toEqual(expected);
  });

  it('lists the statuses of every error code as they are mapped', () => {
    const told = rowsAfter('| gRPC status |').flatMap(([grpc, http, codes]) =>
      (codes ?? '').split(', ').map((code) => [code, grpc, http]),
    );
    const mapped = Object.entries(WIRE_STATUS).map(([code, [grpc, http]]) => [code, status[grpc], String(http)]);
    expect(told.sort()).toEqual(mapped.sort());
  });
});
