/** `cairn ls`: buckets, or the objects and folders of one. Lines are printed as they come: a listing may be longer than memory. */
import { formatSize } from '@cairn/core';
import type { Command } from 'commander';
import { parseTarget, type Target } from '../client/object-target.ts';
import { type ClientFlags, type ClientSession, runClient, withClientFlags } from '../client/session.ts';
import { JsonList } from '../output/json-list.ts';
import { printable, timeText } from '../output/table.ts';

interface ListFlags extends ClientFlags {
  recursive?: boolean;
}

export function register(program: Command): void {
  withClientFlags(
    program
      .command('ls')
      .summary('list buckets or objects')
      .description('Lists buckets, or the objects and folders of one.'),
  )
    .argument('[bucket/prefix]', 'all buckets when left out')
    .option('-r, --recursive', 'every object below, not only this level')
    .addHelpText('after', '\nExamples:\n  cairn ls\n  cairn ls photos\n  cairn ls -r photos/2026/')
    .action((typed: string | undefined, flags: ListFlags) => {
      const target = typed === undefined ? undefined : parseTarget(typed);
      return runClient(flags, (session) =>
        target === undefined ? listBuckets(session) : listObjects(session, target, flags.recursive === true),
      );
    });
}

async function listBuckets({ client, say, document }: ClientSession): Promise<void> {
  const buckets = await client.listBuckets();
  for (const { name, createdMs } of buckets) say(`${timeText(createdMs)}  ${name}`);
  document({ buckets });
}

async function listObjects(session: ClientSession, target: Target, recursive: boolean): Promise<void> {
  const { client, json, say, signal } = session;
  const list = json ? new JsonList('entries', process.stdout) : undefined;
  const delimiter = recursive ? undefined : '/';
  for await (const entry of client.bucket(target.bucket).list({ prefix: target.key, delimiter, signal })) {
    if (list !== undefined) await list.add(entry);
    else if (entry.kind === 'prefix') say(`${' '.repeat(19)}  ${'folder'.padStart(9)}  ${printable(entry.prefix)}`);
    else say(`${timeText(entry.lastModifiedMs)}  ${formatSize(entry.bytes).padStart(9)}  ${printable(entry.key)}`);
  }
  await list?.end();
}
