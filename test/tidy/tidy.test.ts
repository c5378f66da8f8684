/** Style as a test (STYLE.md): layers, ports, doors, cycles, lengths, documents against code. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGES, type PackageName, ROOT, SOURCES, type SourceFile } from './sources.ts';

/** DESIGN: who may import whom. */
const LAYERS: Record<PackageName, PackageName[]> = {
  core: [],
  proto: ['core'],
  'storage-node': ['core', 'proto'],
  'metadata-server': ['core', 'proto'],
  'client-sdk': ['core', 'proto'],
  gateway: ['core', 'client-sdk'],
  cli: ['core', 'proto', 'storage-node', 'metadata-server', 'client-sdk', 'gateway'],
  test: [...PACKAGES],
};

const production = SOURCES.filter((file) => !file.isTest);

function offenders(files: SourceFile[], isBad: (file: SourceFile) => string[]): string[] {
  return files.flatMap((file) => isBad(file).map((what) => `${file.path}: ${what}`));
}

function importing(pattern: RegExp): (file: SourceFile) => string[] {
  return (file) => file.imports.filter((name) => pattern.test(name));
}

function using(pattern: RegExp): (file: SourceFile) => string[] {
  return (file) => [...file.text.matchAll(pattern)].map((match) => match[0]);
}

describe('layers', () => {
  it('let a package import only those below it', () => {
    const bad = offenders(production, (file) =>
      file.imports
        .filter((name) => name.startsWith('@cairn/'))
        .filter((name) => !LAYERS[file.package].includes(name.split('/')[1] as PackageName)),
    );
    expect(bad).toEqual([]);
  });

  it('have one door: nothing reaches into another package', () => {
    const doors = /^@cairn\/[a-z-]+$/;
    const testingDoor = '@cairn/core/testing';
    const bad = offenders(SOURCES, (file) =>
      file.imports.filter((name) => {
        if (name.startsWith('@cairn/')) return !doors.test(name) && !(file.isTest && name === testingDoor);
        if (!name.startsWith('.')) return false;
        const target = path.relative(ROOT, path.resolve(ROOT, path.dirname(file.path), name));
        return target.split(path.sep)[0] !== file.package;
      }),
    );
    expect(bad).toEqual([]);
  });

  it('have no cycles between files, once types are stripped', () => {
    const graph = new Map(
      SOURCES.map((file) => [
        file.path,
        file.runtimeImports
          .filter((name) => name.startsWith('.'))
          .map((name) => path.posix.normalize(path.posix.join(path.posix.dirname(file.path), name))),
      ]),
    );
    const cycles: string[] = [];
    const state = new Map<string, 'open' | 'done'>();
    const visit = (at: string, trail: string[]): void => {
      if (state.get(at) === 'done') return;
      if (state.get(at) === 'open') {
        cycles.push([...trail.slice(trail.indexOf(at)), at].join(' -> '));
        return;
      }
      state.set(at, 'open');
      for (const next of graph.get(at) ?? []) if (graph.has(next)) visit(next, [...trail, at]);
      state.set(at, 'done');
    };
    for (const at of graph.keys()) visit(at, []);
    expect(cycles).toEqual([]);
  });
});

describe('ports', () => {
  const isReal = (file: SourceFile) => file.path.startsWith('core/src/real/');
  const roles = production.filter((file) => file.package !== 'cli' && !isReal(file));

  it('are the only way to files', () => {
    // The real transport: it makes and removes its sockets and reads its schema.
    const allowed = (file: SourceFile) => file.package === 'proto';
    expect(
      offenders(
        roles.filter((file) => !allowed(file)),
        importing(/^(node:)?fs(\/promises)?$/),
      ),
    ).toEqual([]);
  });

  it('are the only way to time and timers', () => {
    const pattern = /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\b(setTimeout|setInterval)\(/g;
    const allowed = (file: SourceFile) => file.package === 'proto';
    expect(
      offenders(
        roles.filter((file) => !allowed(file)),
        using(pattern),
      ),
    ).toEqual([]);
  });

  it('are the only way to chance', () => {
    expect(offenders(roles, using(/\bMath\.random\b|\brandomBytes\(|\brandomUUID\(/g))).toEqual([]);
  });

  it('keep gRPC in proto, fastify in the gateway, level in the stores, process in the cli', () => {
    expect(
      offenders(
        production.filter((file) => file.package !== 'proto'),
        importing(/^(@grpc\/|protobufjs)/),
      ),
    ).toEqual([]);
    expect(
      offenders(
        production.filter((file) => file.package !== 'gateway'),
        importing(/^fastify/),
      ),
    ).toEqual([]);
    const stores = ['storage-node', 'metadata-server'];
    expect(
      offenders(
        production.filter((file) => !stores.includes(file.package)),
        importing(/^(level|classic-level|abstract-level)$/),
      ),
    ).toEqual([]);
    expect(offenders(roles, using(/\bprocess\.(env|exit|argv|on|kill|cwd|std\w+)\b/g))).toEqual([]);
  });
});

describe('files', () => {
  /** Files that were longer than 300 lines when this list was last looked at. It only gets shorter. */
  const RATCHET: Record<string, number> = {};

  it('stay within 300 lines, but for those on the ratchet', () => {
    const bad = SOURCES.filter((file) => file.lines > (RATCHET[file.path] ?? (file.isTest ? 500 : 300)));
    expect(bad.map((file) => `${file.path}: ${file.lines}`)).toEqual([]);
  });

  it('have no room called util, helper, manager, common or impl', () => {
    const bad = SOURCES.filter((file) =>
      /(^|[-/.])(utils?|helpers?|manager|common|misc|impl)([-/.]|$)/i.test(file.path),
    );
    expect(bad.map((file) => file.path)).toEqual([]);
  });

  it('open with a comment that says what they are', () => {
    const bad = SOURCES.filter((file) => {
      const text = fs.readFileSync(path.join(ROOT, file.path), 'utf8');
      return !text.startsWith('/**') && !file.path.endsWith('.test.ts');
    });
    expect(bad.map((file) => file.path)).toEqual([]);
  });

  it('are all used: every source is reached from a door, a main or a test', () => {
    const roots = SOURCES.filter((file) => file.isTest || /\/(index|main)\.ts$/.test(file.path));
    const seen = new Set<string>();
    const byPath = new Map(SOURCES.map((file) => [file.path, file]));
    const reach = (file: SourceFile): void => {
      if (seen.has(file.path)) return;
      seen.add(file.path);
      for (const name of file.imports.filter((target) => target.startsWith('.'))) {
        const target = byPath.get(path.posix.normalize(path.posix.join(path.posix.dirname(file.path), name)));
        if (target !== undefined) reach(target);
      }
    };
    for (const file of roots) reach(file);
    expect(SOURCES.filter((file) => !seen.has(file.path)).map((file) => file.path)).toEqual([]);
  });

  it('hold no skipped or focused test, no escape from the types and no unfinished marker', () => {
    const pattern =
      /\b(it|test|describe)\.(skip|only|todo)\b|\bas any\b|@ts-(ignore|expect-error|nocheck)|\b(TODO|FIXME)\b/g;
    const others = SOURCES.filter((file) => !file.path.startsWith('test/tidy/'));
    expect(offenders(others, using(pattern))).toEqual([]);
  });
});
