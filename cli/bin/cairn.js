#!/usr/bin/env node
/**
 * The `cairn` executable. Plain JavaScript, because the Node that starts it may be too old for TypeScript sources: then the
 * same command runs again on the Node that the `node` package pins, and this process only passes signals and the exit code.
 */
import { spawn } from 'node:child_process';
import module from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';

const NODE_MAJOR_MIN = 24;
const main = path.join(import.meta.dirname, '../src/main.ts');

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
  // Stripped and compiled sources are kept beside the installed packages; where that folder cannot be written nothing is kept.
  module.enableCompileCache(path.join(import.meta.dirname, '../../node_modules/.cache/cairn'));
  await import(main);
} else {
  runOn(pinnedNode());
}

function pinnedNode() {
  try {
    const manifest = module.createRequire(import.meta.url).resolve('node/package.json');
    return path.join(path.dirname(manifest), 'bin/node');
  } catch {
    process.stderr.write(
      `cairn needs Node ${NODE_MAJOR_MIN} or newer (this is ${process.version}); npm ci installs one beside it\n`,
    );
    process.exit(1);
  }
}

function runOn(node) {
  // The channel carries no messages: its end tells the child that this process is gone, even by SIGKILL.
  const child = spawn(node, [import.meta.filename, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    process.stderr.write(`cairn cannot start ${node}: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? (code ?? 1) : 128 + os.constants.signals[signal]);
  });
}
