/** What the node shows to Prometheus. */
import type { MetricSample } from '@cairn/core';
import type { FsyncLatency } from './fsync-latency.ts';
import type { NodeParts } from './service/node-parts.ts';

type Row = [name: string, type: MetricSample['type'], value: number, help: string];

export function nodeMetrics(parts: NodeParts, latency: FsyncLatency): MetricSample[] {
  const { traffic, space, volumes, memory, writer, fencedBecause } = parts;
  const states = { open: 0, sealed: 0, failed: 0 };
  let damagedChunks = 0;
  for (const volume of volumes.all()) {
    states[volume.state] += 1;
    damagedChunks += volume.report().damagedChunks;
  }
  const rows: Row[] = [
    ['cairn_node_puts_total', 'counter', traffic.puts, 'Chunks stored.'],
    ['cairn_node_put_bytes_total', 'counter', traffic.putBytes, 'Payload bytes stored.'],
    ['cairn_node_puts_refused_total', 'counter', traffic.putsRefused, 'Chunks that were not stored.'],
    ['cairn_node_gets_total', 'counter', traffic.gets, 'Pieces of chunks read.'],
    ['cairn_node_get_bytes_total', 'counter', traffic.getBytes, 'Payload bytes read.'],
    ['cairn_node_gets_damaged_total', 'counter', traffic.getsDamaged, 'Reads of records that did not verify.'],
    ['cairn_node_deletes_total', 'counter', traffic.deletes, 'Chunks deleted.'],
    ['cairn_node_fsyncs_total', 'counter', traffic.syncs, 'Batches synced.'],
    ['cairn_node_fsynced_records_total', 'counter', traffic.syncedRecords, 'Records in these batches.'],
    ['cairn_node_fsync_p99_seconds', 'gauge', latency.p99Ms() / 1000, '99th percentile of the last 30 s.'],
    ['cairn_node_used_bytes', 'gauge', space.usedBytes, 'Bytes of all volume logs.'],
    ['cairn_node_capacity_bytes', 'gauge', space.capacityBytes, 'What the node may use.'],
    ['cairn_node_inflight_bytes', 'gauge', memory.usedBytes, 'Chunk bytes in memory.'],
    ['cairn_node_index_backlog_entries', 'gauge', writer.backlog, 'Entries that are not in the index yet.'],
    ['cairn_node_damaged_chunks', 'gauge', damagedChunks, 'Chunks found damaged and not repaired.'],
    ['cairn_node_fenced_state', 'gauge', fencedBecause() === undefined ? 0 : 1, '1 while the node refuses writes.'],
  ];
  const samples = rows.map(([name, type, value, help]) => ({ name, type, value, help, labels: {} }));
  const volumeSamples = Object.entries(states).map(([state, value]) => ({
    name: 'cairn_node_volumes',
    type: 'gauge' as const,
    value,
    help: 'Replicas by state.',
    labels: { state },
  }));
  return [...samples, ...volumeSamples];
}
