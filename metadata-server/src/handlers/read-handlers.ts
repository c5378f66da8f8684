/** Reads of the namespace and of the volume map, and readers' reports of damage. */
import {
  type BucketInfo,
  CairnError,
  type Empty,
  type GetBucketRequest,
  LIMITS,
  type ListObjectsRequest,
  type ListObjectsResponse,
  type LookupVolumesRequest,
  type LookupVolumesResponse,
  parseChunkId,
  type ReportChunkRequest,
} from '@cairn/core';
import { locationOf } from '../cluster/locations.ts';
import type { Leader } from '../leader.ts';
import { listObjects } from '../reads/list-objects.ts';

export async function handleListObjects(leader: Leader, request: ListObjectsRequest): Promise<ListObjectsResponse> {
  const bucketId = leader.state.buckets.get(request.bucket).id;
  return listObjects(request, { store: leader.store, bucketId });
}

export async function handleGetBucket({ state }: Leader, { bucket }: GetBucketRequest): Promise<BucketInfo> {
  return { name: bucket, createdMs: state.buckets.get(bucket).createdMs };
}

export async function handleLookupVolumes(
  { state }: Leader,
  { volumeIds }: LookupVolumesRequest,
): Promise<LookupVolumesResponse> {
  if (volumeIds.length > LIMITS.volumesPerLookupMax) {
    throw new CairnError('INVALID_ARGUMENT', `at most ${LIMITS.volumesPerLookupMax} volumes are looked up at once`);
  }
  const known = volumeIds.flatMap((id) => state.volumes.get(id) ?? []);
  return { volumes: known.map((volume) => locationOf(volume, state.nodes)) };
}

export async function handleReportChunk({ state, log }: Leader, report: ReportChunkRequest): Promise<Empty> {
  parseChunkId(report.chunkId);
  if (state.volumes.get(report.volumeId)?.nodeIds.includes(report.nodeId) !== true) return {};
  if (state.damage.add(report)) log.warn({ ...report }, 'a reader reported a chunk');
  return {};
}
