/** `cairn nodes`: the storage nodes. */
import { formatSize, type NodeInfo } from '@cairn/core';
import type { Command } from 'commander';
import { type ClientFlags, QUICK, runClient, withClientFlags } from '../client/session.ts';
import { type Column, table } from '../output/table.ts';

export const nodeColumns: Column<NodeInfo>[] = [
  { title: 'NODE', cell: ({ id }) => id },
  { title: 'STATE', cell: ({ state }) => state },
  { title: 'USED', cell: ({ usedBytes }) => formatSize(usedBytes) },
  { title: 'CAPACITY', cell: ({ capacityBytes }) => formatSize(capacityBytes) },
  { title: 'VOLUMES', cell: ({ volumes }) => volumes },
  { title: 'ADDRESS', cell: ({ address }) => address },
  {
    title: 'DOMAIN',
    cell: ({ domain }) => [domain.zone, domain.rack, domain.host].filter((name) => name !== '').join('/'),
  },
];

const detailColumns: Column<NodeInfo>[] = [
  ...nodeColumns,
  { title: 'LAST SEEN', cell: ({ lastSeenMs }) => `${(lastSeenMs / 1000).toFixed(1)} s` },
  { title: 'FSYNC P99', cell: ({ fsyncP99Ms }) => `${fsyncP99Ms.toFixed(1)} ms` },
];

export function register(program: Command): void {
  withClientFlags(program.command('nodes').summary('list the storage nodes').description('Lists the storage nodes.'))
    .addHelpText('after', '\nExample:\n  cairn nodes')
    .action((flags: ClientFlags) =>
      runClient(
        flags,
        async ({ client, say, document }) => {
          const nodes = await client.admin.nodes();
          say(table(detailColumns, nodes));
          document({ nodes });
        },
        QUICK,
      ),
    );
}
