/** `cairn explain`: where each byte of an object lies. */
import type { Explanation } from '@cairn/client-sdk';
import { formatSize } from '@cairn/core';
import type { Command } from 'commander';
import { parseObject, type Target } from '../client/object-target.ts';
import { type ClientFlags, runClient, withClientFlags } from '../client/session.ts';
import { type Column, printable, table } from '../output/table.ts';

export function register(program: Command): void {
  withClientFlags(
    program
      .command('explain')
      .summary('where each byte of an object lies')
      .description('Shows where each byte of an object lies: chunks, volumes, replicas and their failure domains.'),
  )
    .argument('<bucket/key>')
    .addHelpText('after', '\nExample:\n  cairn explain photos/2026/movie.mov')
    .action((typed: string, flags: ClientFlags) => {
      const target = parseObject(typed);
      return runClient(flags, async ({ client, say, document }) => {
        const explained = explanationDocument(target, await client.explain(target.bucket, target.key));
        document(explained);
        say(explanationScreen(explained));
      });
    });
}

interface ExplainedChunk {
  /** Of the object: the chunk holds [offset, offset + bytes). */
  offset: number;
  bytes: number;
  chunkId: string;
  volumeId: number;
  generation: number;
  replicas: { nodeId: string; state: string; zone: string; rack: string; host: string; address: string }[];
}

/** The document of `explain --json`. */
export function explanationDocument({ bucket, key }: Target, { version, volumes }: Explanation) {
  const byId = new Map(volumes.map((volume) => [volume.volumeId, volume]));
  let offset = 0;
  const chunks = version.chunks.map(({ chunkId, volumeId, bytes }): ExplainedChunk => {
    const volume = byId.get(volumeId);
    const replicas = (volume?.replicas ?? []).map(({ nodeId, state, domain, endpoint }) => ({
      ...{ nodeId, state, zone: domain.zone, rack: domain.rack, host: domain.host },
      address: endpoint.grpc,
    }));
    const chunk = { offset, bytes, chunkId, volumeId, generation: volume?.generation ?? 0, replicas };
    offset += bytes;
    return chunk;
  });
  const { versionId, etag, bytes, lastModifiedMs } = version;
  return { bucket, key, versionId, etag, bytes, lastModifiedMs, chunks };
}

const columns: Column<ExplainedChunk>[] = [
  { title: 'OFFSET', cell: ({ offset }) => offset },
  { title: 'BYTES', cell: ({ bytes }) => bytes },
  { title: 'CHUNK', cell: ({ chunkId }) => chunkId },
  { title: 'VOLUME', cell: ({ volumeId }) => volumeId },
  { title: 'GENERATION', cell: ({ generation }) => generation },
  {
    title: 'REPLICAS',
    cell: ({ replicas }) =>
      replicas
        .map(
          ({ nodeId, state, zone, rack, host }) =>
            `${nodeId} (${zone}/${rack}/${host}${state === 'alive' ? '' : `, ${state}`})`,
        )
        .join(', '),
  },
];

export function explanationScreen(explained: ReturnType<typeof explanationDocument>): string {
  const { bucket, key, bytes, etag, versionId, chunks } = explained;
  const head = `${printable(`${bucket}/${key}`)}\n${formatSize(bytes)}, etag ${etag}, version ${versionId}`;
  return chunks.length === 0 ? `${head}\nan empty object has no chunks` : `${head}\n\n${table(columns, chunks)}`;
}
