/** `cairn get`: objects into files. */
import type { Command } from 'commander';
import { type ClientFlags, runClient, withClientFlags } from '../client/session.ts';

interface GetFlags extends ClientFlags {
  recursive?: boolean;
}

export function register(program: Command): void {
  withClientFlags(
    program
      .command('get')
      .summary('download an object, or all below a prefix')
      .description(
        'Downloads into FILE.part, verifies, then renames. An interrupted download goes on where it stopped.',
      ),
  )
    .argument('<bucket/key>', 'an object, or a prefix with -r')
    .argument('[file]', "a file or a folder; the key's last part in this folder when left out")
    .option('-r, --recursive', 'every object below the prefix, into the folder')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn get photos/2026/movie.mov\n  cairn get photos/2026/movie.mov /tmp/movie.mov\n  cairn get -r photos/2026 ./2026',
    )
    .action(async (typed: string, file: string | undefined, flags: GetFlags) => {
      const { getFolder, getObject, parseDownload } = await import('../client/download.ts');
      const download = parseDownload(typed, file, flags.recursive === true);
      return runClient(flags, (session) =>
        flags.recursive === true ? getFolder(session, download) : getObject(session, download),
      );
    });
}
