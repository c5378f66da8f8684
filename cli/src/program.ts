/** The `cairn` program: every command that exists, one file each. Nothing heavy is loaded before a command is chosen. */
import { Command } from 'commander';
import { register as cat } from './commands/cat.ts';
import { register as dev } from './commands/dev.ts';
import { register as explain } from './commands/explain.ts';
import { register as get } from './commands/get.ts';
import { register as ls } from './commands/ls.ts';
import { register as mb } from './commands/mb.ts';
import { register as nodes } from './commands/nodes.ts';
import { register as put } from './commands/put.ts';
import { register as rb } from './commands/rb.ts';
import { register as rm } from './commands/rm.ts';
import { register as roles } from './commands/roles.ts';
import { register as status } from './commands/status.ts';
import { register as volumes } from './commands/volumes.ts';

const COMMANDS = [dev, status, nodes, volumes, explain, mb, rb, ls, put, get, cat, rm, roles];

export function buildProgram(version: string): Command {
  const program = new Command('cairn')
    .description('Cairn: a distributed chunked file storage system with an S3 gateway.')
    .version(version)
    .helpCommand(false)
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: (line, write) => write(line.replace(/^error: /, 'cairn: ')) })
    .exitOverride()
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 cluster unreachable.\n`cairn COMMAND --help` shows options and examples.',
    );
  for (const register of COMMANDS) register(program);
  return program;
}
