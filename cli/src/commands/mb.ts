/** `cairn mb`: makes a bucket. */
import type { Command } from 'commander';
import { parseBucket } from '../client/object-target.ts';
import { type ClientFlags, runClient, withClientFlags } from '../client/session.ts';

export function register(program: Command): void {
  withClientFlags(program.command('mb').summary('make a bucket').description('Makes a bucket.'))
    .argument('<bucket>', '3 to 63 of a-z, 0-9, dots and dashes')
    .addHelpText('after', '\nExample:\n  cairn mb photos')
    .action((typed: string, flags: ClientFlags) => {
      const bucket = parseBucket(typed);
      return runClient(flags, async ({ client, say, document }) => {
        await client.createBucket(bucket);
        say(`made bucket ${bucket}`);
        document({ bucket });
      });
    });
}
