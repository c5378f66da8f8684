/** The entry of every `cairn` process. Wrong usage ends with 2 and one line that says what to write. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { CommanderError } from 'commander';
import { describeError, EXIT, exitCodeOf } from './exit-code.ts';
import { buildProgram } from './program.ts';

const manifest = JSON.parse(fs.readFileSync(path.join(import.meta.dirname, '../package.json'), 'utf8')) as {
  version: string;
};

try {
  await buildProgram(manifest.version).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has written its line; asking for help is no wrong usage.
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  } else {
    process.stderr.write(`cairn: ${describeError(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}
