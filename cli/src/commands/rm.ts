/** `cairn rm`: removes objects. */
import { hasCode } from '@cairn/core';
import type { Command } from 'commander';
import { folderPrefix, parseObject, parseTarget, type Target } from '../client/object-target.ts';
import { forEachParallel } from '../client/parallel.ts';
import { type ClientFlags, type ClientSession, runClient, withClientFlags } from '../client/session.ts';
import { describeError } from '../exit-code.ts';

interface RemoveFlags extends ClientFlags {
  recursive?: boolean;
}

const DELETES_AT_ONCE = 32;

export function register(program: Command): void {
  withClientFlags(program.command('rm').summary('remove objects').description('Removes objects.'))
    .argument('<bucket/key...>', 'objects, or prefixes with -r')
    .option('-r, --recursive', 'every object below the prefix')
    .addHelpText('after', '\nExamples:\n  cairn rm photos/2026/movie.mov\n  cairn rm -r photos/2026')
    .action((typed: string[], flags: RemoveFlags) => {
      const recursive = flags.recursive === true;
      const targets = typed.map(recursive ? parseTarget : parseObject);
      return runClient(flags, (session) => removeAll(session, targets, recursive));
    });
}

async function* keysOf(
  { client, signal }: ClientSession,
  targets: Target[],
  recursive: boolean,
): AsyncGenerator<Target> {
  for (const target of targets) {
    if (!recursive) {
      yield target;
      continue;
    }
    for await (const entry of client.bucket(target.bucket).list({ prefix: folderPrefix(target.key), signal })) {
      if (entry.kind === 'object') yield { bucket: target.bucket, key: entry.key };
    }
  }
}

async function removeAll(session: ClientSession, targets: Target[], recursive: boolean): Promise<void> {
  const { client, signal, say, document, complain } = session;
  let removed = 0;
  const failed: { object: string; error: string }[] = [];
  await forEachParallel({
    items: keysOf(session, targets, recursive),
    atOnceMax: DELETES_AT_ONCE,
    signal,
    action: async ({ bucket, key }) => {
      try {
        const { existed } = await client.bucket(bucket).delete(key, { signal });
        if (existed) removed += 1;
        // Of what a listing named, somebody else's delete is as good as ours.
        else if (!recursive) failed.push({ object: `${bucket}/${key}`, error: 'there is no such object' });
      } catch (error) {
        if (signal.aborted || hasCode(error, 'BUCKET_NOT_FOUND')) throw error;
        failed.push({ object: `${bucket}/${key}`, error: describeError(error) });
      }
    },
  });
  say(`removed ${removed} ${removed === 1 ? 'object' : 'objects'}`);
  document({ removed, failed });
  for (const { object, error } of failed) complain(`${object}: ${error}`);
}
