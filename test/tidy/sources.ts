/** The project's own source files, as the tidy tests see them. */
import * as fs from 'node:fs';
import * as path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');
export const PACKAGES = [
  'core',
  'proto',
  'storage-node',
  'metadata-server',
  'client-sdk',
  'gateway',
  'cli',
  'test',
] as const;
export type PackageName = (typeof PACKAGES)[number];

export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  path: string;
  package: PackageName;
  text: string;
  lines: number;
  isTest: boolean;
  /** What stands after `from` or inside `import(...)`. */
  imports: string[];
  /** Those of them that remain when types are stripped. */
  runtimeImports: string[];
}

function* walk(folder: string): Generator<string> {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(full);
    else if (entry.name.endsWith('.ts')) yield full;
  }
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
}

function load(owner: PackageName, full: string): SourceFile {
  const text = fs.readFileSync(full, 'utf8');
  const name = path.relative(ROOT, full).split(path.sep).join('/');
  const code = withoutComments(text);
  const importsOf = (source: string) =>
    [...source.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)'([^']+)'/gm)].map((match) => match[1] as string);
  return {
    path: name,
    package: owner,
    text: code,
    lines: text.split('\n').length - 1,
    isTest: owner === 'test' || /\.(test|conformance|fixture)\.ts$/.test(name) || name.includes('/testing'),
    imports: importsOf(code),
    runtimeImports: importsOf(code.replace(/^(import|export) type\b[^;]*;/gm, '')),
  };
}

export const SOURCES: SourceFile[] = PACKAGES.flatMap((owner) =>
  [...walk(path.join(ROOT, owner))].map((full) => load(owner, full)),
);
