/** Leader memory: everything that mirrors rows, wired to the stream of rows in one place. */
import type { Clock, Timers } from '@cairn/core';
import { ResidentRows } from '../resident-rows.ts';
import { AwakeClock } from './awake-clock.ts';
import { BucketTable } from './bucket-table.ts';
import { DamageReports } from './damage-reports.ts';
import { GarbageTally } from './garbage-tally.ts';
import { NodeTable } from './node-table.ts';
import { ResultIndex } from './result-index.ts';
import { SessionTable } from './session-table.ts';
import { VolumeTable } from './volume-table.ts';

export interface ClusterState {
  resident: ResidentRows;
  buckets: BucketTable;
  volumes: VolumeTable;
  nodes: NodeTable;
  sessions: SessionTable;
  results: ResultIndex;
  garbage: GarbageTally;
  damage: DamageReports;
}

/** Empty; `resident.load` fills it. */
export function createClusterState({ clock, timers }: { clock: Clock; timers: Timers }): ClusterState {
  // The failure detector reads it twice in this time.
  const awake = new AwakeClock(clock, timers.heartbeatIntervalMs);
  const state: ClusterState = {
    resident: new ResidentRows(),
    buckets: new BucketTable(),
    volumes: new VolumeTable(),
    nodes: new NodeTable({ clock: awake, timers }),
    sessions: new SessionTable(awake),
    results: new ResultIndex(),
    garbage: new GarbageTally(),
    damage: new DamageReports(),
  };
  state.resident.observe('bucket', (key, value) => state.buckets.apply(key, value));
  state.resident.observe('volume', (key, value) => state.volumes.apply(key, value));
  state.resident.observe('node', (key, value) => state.nodes.apply(key, value));
  state.resident.observe('session', (key, value) => state.sessions.apply(key, value));
  state.resident.observe('commitResult', (key, value) => state.results.apply(key, value));
  state.resident.observe('garbage', (key, value) => state.garbage.apply(key, value));
  return state;
}
