/** What the tests of the operations share: an executor over a memory store, with an open session, a bucket and a volume. */
import {
  type ChunkReference,
  type CommitRequest,
  type CommitResponse,
  chunkId,
  type PutObject,
  realClock,
  type SessionId,
  silentLog,
  TIMER_PROFILES,
  type VolumeId,
  versionId,
} from '@cairn/core';
import { type ClusterState, createClusterState } from '../cluster/cluster-state.ts';
import { Executor } from '../executor.ts';
import { type TableName, tableRange } from '../keys.ts';
import { MemoryStore } from '../store/memory-store.ts';
import type { MetadataStore, StoreEntry } from '../store/metadata-store.ts';
import { commandOf } from './commit.ts';
import { createVolume } from './create-volume.ts';
import { openSession } from './open-session.ts';
import { reserveVolumes } from './reserve-volumes.ts';

export const NO_PRECONDITION = { ifMatch: '', ifNoneMatch: '' };

export interface Bench {
  store: MetadataStore;
  state: ClusterState;
  executor: Executor;
  session: SessionId;
  volume: VolumeId;
  /** Sends a commit of the session with the next counter, or with the given one. */
  commit: (operation: Partial<CommitRequest>, counter?: number) => Promise<CommitResponse>;
  put: (put: Partial<PutObject> & { key: string }, counter?: number) => Promise<CommitResponse>;
  chunk: (counter: number, bytes: number) => ChunkReference;
  rowsOf: (table: TableName) => Promise<StoreEntry[]>;
}

/** Time of every commit of the bench. */
export const NOW_MS = 1_700_000_000_000;

export async function bench(store: MetadataStore = new MemoryStore()): Promise<Bench> {
  const state = createClusterState({ clock: realClock, timers: TIMER_PROFILES.test });
  await state.resident.load(store);
  const { epoch } = await store.acquireLease('test');
  const executor = new Executor({ store, epoch, resident: state.resident, log: silentLog });
  const session = await executor.submit(openSession(NOW_MS));
  const [volume] = (await executor.submit(reserveVolumes(1))) as [VolumeId];
  await executor.submit(createVolume({ id: volume, nodeIds: [], nowMs: NOW_MS }));
  let last = 0;
  const commit: Bench['commit'] = async (operation, counter) => {
    last = counter ?? last + 1;
    const request = { sessionId: session, commitId: versionId(session, last), settledCounter: 0, ...operation };
    const context = {
      nowMs: NOW_MS,
      settledBefore: (session: SessionId) => state.sessions.settledCounter(session) ?? 0,
      bucketGuess: (bucket: string) => state.buckets.find(bucket),
      bucketCount: state.buckets.size,
    };
    return executor.submit(commandOf(request, context));
  };
  const chunk: Bench['chunk'] = (counter, bytes) => ({ volumeId: volume, chunkId: chunkId(session, counter), bytes });
  const put: Bench['put'] = (given, counter) => {
    const chunks = given.chunks ?? [];
    const bytes = chunks.reduce((sum, each) => sum + each.bytes, 0);
    const precondition = NO_PRECONDITION;
    const defaults = { bucket: 'photos', bytes, etag: 'e1', headers: [], userMetadata: [], chunks, precondition };
    return commit({ putObject: { ...defaults, ...given } }, counter);
  };
  const rowsOf = (table: TableName) => store.scan(tableRange(table), { limit: 100_000 });
  return { store, state, executor, session, volume, commit, put, chunk, rowsOf };
}
