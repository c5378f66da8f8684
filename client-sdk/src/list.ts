/** Listing: pages as the metadata server gives them, and all pages as one sequence. */
import { LIMITS, type ListedObject, type ListObjectsRequest, type ListObjectsResponse } from '@cairn/core';
import type { MetadataChannel } from './metadata-channel.ts';
import type { ListOptions } from './options.ts';

/** A name in a listing: an object, or a common prefix of several. */
export type ListEntry = ({ kind: 'object' } & ListedObject) | { kind: 'prefix'; prefix: string };

/** As in ListObjectsRequest; what is left out means everything, from the start, and a full page. */
export type ListPageOptions = {
  [Name in keyof Omit<ListObjectsRequest, 'bucket'>]?: ListObjectsRequest[Name] | undefined;
} & {
  signal?: AbortSignal | undefined;
};

/** One page, one snapshot. @throws BUCKET_NOT_FOUND */
export function listPage(
  metadata: MetadataChannel,
  bucket: string,
  options: ListPageOptions,
): Promise<ListObjectsResponse> {
  const { prefix = '', delimiter = '', startAfter = '', startAfterPrefix = false } = options;
  const limit = options.limit ?? LIMITS.listEntriesMax;
  const request = { bucket, prefix, delimiter, startAfter, startAfterPrefix, limit };
  return metadata.call('MetadataServer.ListObjects', request, options.signal);
}

/** Every entry, in UTF-8 byte order. Each page is a snapshot of its own moment. */
export async function* listAll(
  metadata: MetadataChannel,
  bucket: string,
  options: ListOptions,
): AsyncGenerator<ListEntry, void> {
  const { prefix, delimiter, signal } = options;
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  let startAfter = options.startAfter ?? '';
  let startAfterPrefix = false;
  while (left > 0) {
    const limit = Math.min(left, LIMITS.listEntriesMax);
    const page = await listPage(metadata, bucket, { prefix, delimiter, startAfter, startAfterPrefix, limit, signal });
    for (const entry of inOrder(page)) {
      yield entry;
      left -= 1;
    }
    if (page.nextStartAfter === '') return;
    startAfter = page.nextStartAfter;
    startAfterPrefix = page.nextStartAfterPrefix;
  }
}

/** Objects and common prefixes of a page, each sorted, merged. */
export function* inOrder(page: Pick<ListObjectsResponse, 'objects' | 'commonPrefixes'>): Generator<ListEntry, void> {
  const { objects, commonPrefixes } = page;
  let prefixAt = 0;
  for (const object of objects) {
    for (; prefixAt < commonPrefixes.length; prefixAt++) {
      const prefix = commonPrefixes[prefixAt] as string;
      if (compareUtf8(prefix, object.key) > 0) break;
      yield { kind: 'prefix', prefix };
    }
    yield { kind: 'object', ...object };
  }
  for (const prefix of commonPrefixes.slice(prefixAt)) yield { kind: 'prefix', prefix };
}

/** JavaScript's own order of strings is by UTF-16 units, which differs above U+FFFF. */
function compareUtf8(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
