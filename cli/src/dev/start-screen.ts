/** What a person sees when a local cluster is ready. Pure. */
import { formatSize } from '@cairn/core';
import type { KeyPair } from './credentials.ts';
import type { DataFolder } from './data-folder.ts';
import type { ClusterShape } from './plan.ts';
import type { Sizes } from './sizes.ts';

export interface Screen {
  shape: ClusterShape;
  sizes: Sizes;
  endpoint: string;
  folder: DataFolder;
  key: KeyPair & { generated: boolean };
  /** Commands find this folder without being told. */
  isDefaultFolder: boolean;
  elapsedMs: number;
}

export function startScreen(screen: Screen): string {
  const { shape, sizes, folder, key } = screen;
  const lines = [
    '',
    `  Cairn is ready after ${(screen.elapsedMs / 1000).toFixed(1)} s.`,
    '',
    `  S3 endpoint   ${screen.endpoint}`,
    `  credentials   ${folder.credentials}`,
    `  data          ${folder.root}`,
    `  cluster       1 metadata server, ${counted(shape.nodes, 'storage node')} of ${formatSize(sizes.nodeCapacityBytes)}, ${counted(shape.gateways, 'gateway')}`,
    '',
  ];
  if (key.generated) {
    lines.push(
      '  A root key was made; this is the only time that it is shown:',
      `    access key  ${key.accessKey}`,
      `    secret key  ${key.secretKey}`,
      '',
    );
  }
  const cluster = screen.isDefaultFolder ? [] : [`    export CAIRN_CLUSTER='${folder.root}'`];
  lines.push(
    '  Try it from another terminal:',
    `    export AWS_SHARED_CREDENTIALS_FILE='${folder.credentials}' AWS_DEFAULT_REGION=us-east-1`,
    `    aws --endpoint-url ${screen.endpoint} s3 mb s3://photos`,
    ...cluster,
    `    npx cairn put README.md photos/readme    npx cairn cat photos/readme    npx cairn status`,
    '',
    `  A write is answered when it is fsynced on ${shape.writeQuorum} of ${counted(shape.replicas, 'node')} and committed to the metadata log.`,
    '  Honest limits: one metadata process has no automatic failover (it is restarted; it is not replicated), and all',
    '  copies are on this machine: processes may die, the disk may not.',
    '',
    '  Ctrl-C drains and stops; the next start resumes.',
    '',
  );
  return lines.join('\n');
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
