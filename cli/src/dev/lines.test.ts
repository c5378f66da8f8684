/** Log lines on their way from a role to its file and the terminal, and the bound of what is kept. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { realClock } from '@cairn/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventJournal } from './event-journal.ts';
import { LineSplitter } from './line-splitter.ts';
import { LOG_LEVEL, RoleLog, terminalLine } from './role-log.ts';
import { RotatingFile } from './rotating-file.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-lines-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

describe('LineSplitter', () => {
  it('passes on whole lines, however the bytes come', () => {
    const seen: string[] = [];
    const splitter = new LineSplitter((lines) => seen.push(lines.toString()));
    for (const piece of ['one', ' more\ntwo\nthr', 'ee']) splitter.push(Buffer.from(piece));
    expect(seen).toEqual(['one more\ntwo\n']);
    splitter.end();
    expect(seen).toEqual(['one more\ntwo\n', 'three\n']);
  });

  it('does not keep a line without an end for ever', () => {
    let bytes = 0;
    const splitter = new LineSplitter((lines) => {
      bytes += lines.length;
    });
    splitter.push(Buffer.alloc(300 * 1024, 'x'));
    expect(bytes).toBe(300 * 1024 + 1);
  });
});

describe('RotatingFile', () => {
  it('never keeps more than two bounds and loses no recent line', () => {
    const file = path.join(folder, 'log');
    const rotating = new RotatingFile({ path: file, bytesMax: 1000 });
    for (let line = 0; line < 500; line++) rotating.append(`line ${line}\n`);
    rotating.close();
    const kept = fs.readdirSync(folder).map((name) => fs.readFileSync(path.join(folder, name), 'utf8'));
    expect(kept).toHaveLength(2);
    for (const text of kept) expect(text.length).toBeLessThanOrEqual(1000);
    expect(kept.join('')).toContain('line 499\n');
    expect(kept.join('')).toContain('line 450\n');
  });

  it('goes on where an earlier one stopped and takes nothing after its end', () => {
    const file = path.join(folder, 'log');
    for (const text of ['a\n', 'b\n']) {
      const rotating = new RotatingFile({ path: file, bytesMax: 1000 });
      rotating.append(text);
      rotating.close();
      rotating.append('late\n');
    }
    expect(fs.readFileSync(file, 'utf8')).toBe('a\nb\n');
  });
});

describe('EventJournal', () => {
  it('writes one JSON object a line, counts, and stays bounded', () => {
    const file = path.join(folder, 'events.jsonl');
    const journal = new EventJournal({ path: file, clock: realClock, bytesMax: 2000 });
    for (let n = 0; n < 100; n++) journal.write('role-died', { role: 'storage-node-1', n });
    journal.close();
    expect(journal.count('role-died')).toBe(100);
    expect(journal.count('role-killed')).toBe(0);
    const lines = fs.readFileSync(file, 'utf8').trim().split('\n');
    expect(JSON.parse(lines.at(-1) as string)).toMatchObject({ event: 'role-died', role: 'storage-node-1', n: 99 });
    expect(fs.statSync(file).size).toBeLessThanOrEqual(2000);
  });
});

describe('terminalLine', () => {
  const line = (level: number, more: object = {}) => JSON.stringify({ level, msg: 'something', ...more });

  it('shows warnings and errors with their cause, and keeps the rest in the file', () => {
    expect(terminalLine(line(30), LOG_LEVEL.warn)).toBeUndefined();
    expect(terminalLine(line(40), LOG_LEVEL.warn)).toBe('something');
    expect(terminalLine(line(50, { err: { message: 'the cause' } }), LOG_LEVEL.warn)).toBe('something: the cause');
    expect(terminalLine(line(40), LOG_LEVEL.error)).toBeUndefined();
  });

  it('shows everything as it is when asked, and always what is no log line', () => {
    expect(terminalLine(line(30), 0)).toBe(line(30));
    expect(terminalLine('FATAL ERROR: out of memory', LOG_LEVEL.error)).toBe('FATAL ERROR: out of memory');
  });
});

describe('RoleLog', () => {
  it('keeps every line and shows a repeated warning once', () => {
    const shown: string[] = [];
    const file = path.join(folder, 'gateway-1.log');
    const terminal = { say: (text: string) => shown.push(text) };
    const log = new RoleLog({ name: 'gateway-1', file, terminal, clock: realClock, show: () => LOG_LEVEL.warn });
    const splitter = log.splitter();
    for (let time = 0; time < 3; time++) splitter.push(Buffer.from('{"level":40,"msg":"still waiting"}\n'));
    log.close();
    expect(shown).toEqual(['gateway-1: still waiting']);
    expect(fs.readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(3);
  });
});
