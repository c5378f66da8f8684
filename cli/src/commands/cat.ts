/** `cairn cat`: an object's bytes on standard output. */
import { once } from 'node:events';
import type { Command } from 'commander';
import { parseObject } from '../client/object-target.ts';
import { type ClientFlags, runClient, withClientFlags } from '../client/session.ts';
import { UsageError } from '../exit-code.ts';

export function register(program: Command): void {
  withClientFlags(
    program
      .command('cat')
      .summary('write an object to standard output')
      .description("Writes an object's bytes to standard output."),
  )
    .argument('<bucket/key>')
    .addHelpText('after', '\nExample:\n  cairn cat backup/src.tar | tar t')
    .action((typed: string, flags: ClientFlags) => {
      const { bucket, key } = parseObject(typed);
      if (flags.json) throw new UsageError('cat prints the bytes themselves; leave --json out');
      return runClient(flags, async ({ client, signal }) => {
        const object = await client.bucket(bucket).get(key, { signal });
        for await (const piece of object.pieces()) {
          if (!process.stdout.write(piece)) await once(process.stdout, 'drain', { signal });
        }
      });
    });
}
