/** `cairn volumes`: the volumes with their replicas. */
import { formatSize, type VolumeInfo } from '@cairn/core';
import type { Command } from 'commander';
import { type ClientFlags, QUICK, runClient, withClientFlags } from '../client/session.ts';
import { type Column, table } from '../output/table.ts';

const largest = (sizes: readonly number[]) => formatSize(Math.max(0, ...sizes));

export const volumeColumns: Column<VolumeInfo>[] = [
  { title: 'VOLUME', cell: ({ id }) => id },
  { title: 'STATE', cell: ({ state }) => state },
  { title: 'GENERATION', cell: ({ generation }) => generation },
  { title: 'BYTES', cell: ({ replicas }) => largest(replicas.map(({ logBytes }) => logBytes)) },
  { title: 'LIVE', cell: ({ replicas }) => largest(replicas.map(({ liveBytes }) => liveBytes)) },
  { title: 'DIGESTS', cell: ({ digestsAgree }) => (digestsAgree ? 'agree' : 'differ') },
  { title: 'REPLICAS', cell: ({ replicas }) => replicas.map(replicaText).join(', ') },
];

function replicaText({ nodeId, nodeState, damagedChunks }: VolumeInfo['replicas'][number]): string {
  const notes = [
    ...(nodeState === 'alive' ? [] : [nodeState]),
    ...(damagedChunks === 0 ? [] : [`${damagedChunks} damaged`]),
  ];
  return notes.length === 0 ? nodeId : `${nodeId} (${notes.join(', ')})`;
}

export function register(program: Command): void {
  withClientFlags(
    program
      .command('volumes')
      .summary('list the volumes with their replicas')
      .description(
        'Lists the volumes: replicas, generation, bytes, live bytes and whether the replicas hold the same chunks.',
      ),
  )
    .addHelpText('after', '\nExample:\n  cairn volumes')
    .action((flags: ClientFlags) =>
      runClient(
        flags,
        async ({ client, say, document }) => {
          const volumes = await client.admin.volumes();
          say(table(volumeColumns, volumes));
          document({ volumes });
        },
        QUICK,
      ),
    );
}
