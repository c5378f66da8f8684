/** `cairn put`: files, folders or standard input into a bucket. */
import type { Command } from 'commander';
import { type ClientFlags, runClient, withClientFlags } from '../client/session.ts';

export interface PutFlags extends ClientFlags {
  recursive?: boolean;
}

export function register(program: Command): void {
  withClientFlags(
    program
      .command('put')
      .summary('upload files, folders or standard input')
      .description(
        'Uploads files. Several files, or a target that ends with a slash, keep their names below the target.',
      ),
  )
    .argument('<file...>', 'files, folders with -r, or - for standard input; then BUCKET/KEY')
    .usage('[options] <file...> <bucket/key>')
    .option(
      '-r, --recursive',
      'folders: keys are the paths below them; what is there already with the same bytes is skipped',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  cairn put movie.mov photos/2026/movie.mov\n  cairn put *.jpg photos/2026/\n  cairn put -r ~/Pictures photos    again after an interruption: goes on\n  tar c src | cairn put - backup/src.tar',
    )
    .action(async (typed: string[], flags: PutFlags) => {
      const { parseSources, putAll } = await import('../client/upload.ts');
      const sources = parseSources(typed, flags.recursive === true);
      return runClient(flags, (session) => putAll(session, sources));
    });
}
