/** `cairn rb`: removes an empty bucket. */
import type { Command } from 'commander';
import { parseBucket } from '../client/object-target.ts';
import { type ClientFlags, runClient, withClientFlags } from '../client/session.ts';

export function register(program: Command): void {
  withClientFlags(program.command('rb').summary('remove an empty bucket').description('Removes an empty bucket.'))
    .argument('<bucket>')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn rb photos\n  cairn rm -r photos && cairn rb photos    with all that it holds',
    )
    .action((typed: string, flags: ClientFlags) => {
      const bucket = parseBucket(typed);
      return runClient(flags, async ({ client, say, document }) => {
        await client.deleteBucket(bucket);
        say(`removed bucket ${bucket}`);
        document({ bucket });
      });
    });
}
