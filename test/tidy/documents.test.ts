/** Documents against code: what can be counted is held both ways. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { ERRORS, TIMER_NAMES } from '@cairn/core';
import { gatewaySchema } from '@cairn/gateway';
import { metadataServerSchema } from '@cairn/metadata-server';
import { storageNodeSchema } from '@cairn/storage-node';
import { describe, expect, it } from 'vitest';
import { ROOT } from './sources.ts';

function read(name: string): string {
  return fs.readFileSync(path.join(ROOT, name), 'utf8');
}

/** The first cells of the table below a heading. */
function firstCells(text: string, heading: string): string[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] as string);
}

describe('docs/errors.md', () => {
  it('has a row for every code, and says of each what the table says', () => {
    const rows = [...read('docs/errors.md').matchAll(/^\| ([A-Z_]+) \| (yes|no) \| (.+) \|$/gm)].map((row) =>
      row.slice(1, 4),
    );
    expect(rows).toEqual(
      Object.entries(ERRORS).map(([code, { retryable, message }]) => [code, retryable ? 'yes' : 'no', message]),
    );
  });
});

describe('docs/configuration.md', () => {
  const text = read('docs/configuration.md');

  it.each([
    ['cairn metadata-server', metadataServerSchema],
    ['cairn storage-node', storageNodeSchema],
    ['cairn gateway', gatewaySchema],
  ])('names the keys of %s, and no others', (role, schema) => {
    expect(firstCells(text, role)).toEqual(Object.keys(schema));
  });

  it('names every timer', () => {
    expect(firstCells(text, 'Timers')).toEqual(TIMER_NAMES);
  });

  it('names every flag of cairn dev, and no others', () => {
    const flags = [...read('cli/src/commands/dev.ts').matchAll(/\.option\('(--[a-z0-9-]+)/g)].map((match) => match[1]);
    const section = text.split(/^## /m).find((part) => part.startsWith('cairn dev')) ?? '';
    const rows = section.split('\n').filter((line) => line.startsWith('| `--'));
    const documented = rows.flatMap((row) =>
      [...(row.split(' | ')[0] as string).matchAll(/--[a-z0-9-]+/g)].map((match) => match[0]),
    );
    expect(documented.sort()).toEqual(flags.sort());
  });
});
