/** `cairn status`: health in one screen. */
import { formatSize, type GetStatusResponse } from '@cairn/core';
import type { Command } from 'commander';
import { type ClientFlags, QUICK, runClient, withClientFlags } from '../client/session.ts';
import { printable, table } from '../output/table.ts';
import { nodeColumns } from './nodes.ts';

export function register(program: Command): void {
  withClientFlags(
    program
      .command('status')
      .summary('health in one screen')
      .description('Shows the health of the cluster in one screen.'),
  )
    .addHelpText('after', '\nExamples:\n  cairn status\n  cairn status --json | jq -r .health')
    .action((flags: ClientFlags) =>
      runClient(
        flags,
        async ({ client, say, document }) => {
          const status = await client.admin.status();
          say(statusScreen(status));
          document(statusDocument(status));
        },
        QUICK,
      ),
    );
}

/** The document of `status --json`: its shape is promised to scripts. */
export function statusDocument(status: GetStatusResponse) {
  return {
    health: status.health,
    reasons: status.reasons,
    safeMode: status.safeMode,
    leader: status.leader,
    epoch: status.epoch,
    nodes: status.nodes.map(({ id, address, domain, state, usedBytes, capacityBytes, volumes }) => ({
      id,
      address,
      zone: domain.zone,
      state,
      usedBytes,
      capacityBytes,
      volumes,
    })),
    volumes: {
      total: status.volumesTotal,
      open: status.volumesOpen,
      sealed: status.volumesSealed,
      underReplicated: status.volumesUnderReplicated,
      lost: status.volumesLost,
    },
    garbageBytes: status.garbageBytes,
    workers: status.workers.map(({ name, state, queued, doneTotal, lastError }) => ({
      name,
      state,
      queued,
      doneTotal,
      lastError,
    })),
  };
}

export function statusScreen(status: GetStatusResponse): string {
  const { volumesTotal, volumesOpen, volumesSealed, volumesUnderReplicated, volumesLost } = status;
  const facts = [
    ['health', status.health + (status.safeMode ? ' (safe mode)' : '')],
    ...status.reasons.map((reason) => ['', printable(reason)]),
    ['leader', `${printable(status.leader)}, epoch ${status.epoch}`],
    ['copies', `${status.replicas} of each chunk, ${status.writeQuorum} durable before the answer`],
    [
      'volumes',
      `${volumesTotal}: ${volumesOpen} open, ${volumesSealed} sealed, ${volumesUnderReplicated} under-replicated, ${volumesLost} lost`,
    ],
    ['garbage', formatSize(status.garbageBytes)],
  ];
  const workers = [
    { title: 'WORKER', cell: (worker: GetStatusResponse['workers'][number]) => worker.name },
    { title: 'STATE', cell: (worker: GetStatusResponse['workers'][number]) => worker.state },
    { title: 'QUEUED', cell: (worker: GetStatusResponse['workers'][number]) => worker.queued },
    { title: 'DONE', cell: (worker: GetStatusResponse['workers'][number]) => worker.doneTotal },
    { title: 'LAST ERROR', cell: (worker: GetStatusResponse['workers'][number]) => worker.lastError },
  ];
  return [
    facts.map(([name, value]) => `${String(name).padEnd(9)}${value}`).join('\n'),
    table(nodeColumns, status.nodes),
    table(workers, status.workers),
  ].join('\n\n');
}
