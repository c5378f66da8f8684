/**
 * ListObjects: one page of a bucket, from one snapshot, in the byte order of UTF-8. Below a delimiter nothing is scanned: the first key
 * of a common prefix names it, and the reading goes on behind the last key that it could hold.
 *
 *   a/1  a/2  a/3 ...  a/99999  b   c/1       delimiter '/'
 *   ^-------- seek -----------> ^   ^         -> prefixes a/ c/, object b
 */
import { CairnError, LIMITS, type ListedObject, type ListObjectsRequest, type ListObjectsResponse } from '@cairn/core';
import { endOfPrefix, objectPrefix, utf8Bytes, utf8Text } from '../keys.ts';
import { rows } from '../rows.ts';
import type { MetadataStore, StoreEntry, StoreKey, StoreReader } from '../store/metadata-store.ts';

/** Entries of the first read when there is a delimiter: most of them may belong to one common prefix and be thrown away. */
const FIRST_READ_ENTRIES = 16;

type Item = { prefix: string } | { key: string; value: Uint8Array };

/** Errors: INVALID_ARGUMENT. */
export async function listObjects(
  request: ListObjectsRequest,
  { store, bucketId }: { store: MetadataStore; bucketId: number },
): Promise<ListObjectsResponse> {
  const { limit } = request;
  if (!Number.isInteger(limit) || limit < 0 || limit > LIMITS.listEntriesMax) {
    throw new CairnError('INVALID_ARGUMENT', `a page has 0 to ${LIMITS.listEntriesMax} entries`);
  }
  if (limit === 0) return pageOf([], false);
  const snapshot = await store.snapshot();
  try {
    // One more than the page holds: whether there is a next page.
    const items = await readItems(snapshot, { request, bucketId, count: limit + 1 });
    return pageOf(items.slice(0, limit), items.length > limit);
  } finally {
    await snapshot.close();
  }
}

interface ReadOptions {
  request: ListObjectsRequest;
  bucketId: number;
  count: number;
}

async function readItems(reader: StoreReader, { request, bucketId, count }: ReadOptions): Promise<Item[]> {
  const bucket = objectPrefix(bucketId);
  const prefix = bucket + utf8Bytes(request.prefix);
  const delimiter = utf8Bytes(request.delimiter);
  const items: Item[] = [];
  const to = endOfPrefix(prefix);
  let from = firstKey(request, bucket, prefix);
  let readAhead = delimiter === '' ? count : Math.min(count, FIRST_READ_ENTRIES);
  while (items.length < count && from < to) {
    const limit = Math.min(readAhead, LIMITS.listEntriesMax + 1);
    const entries = await reader.scan({ from, to }, { limit });
    from = takeItems(items, { entries, from, bucket, prefix, delimiter, count });
    if (entries.length < limit) break;
    // A read that was cut short by a seek starts small again, an undisturbed one grows.
    const last = entries.at(-1);
    const undisturbed = last !== undefined && from === after(last.key);
    readAhead = undisturbed ? readAhead * 2 : FIRST_READ_ENTRIES;
    if (delimiter === '') readAhead = count - items.length;
  }
  return items;
}

/** Adds what the entries show. @returns Where to read on: behind the last entry, or behind a common prefix that reaches further. */
function takeItems(
  items: Item[],
  page: {
    entries: readonly StoreEntry[];
    from: StoreKey;
    bucket: string;
    prefix: string;
    delimiter: string;
    count: number;
  },
): StoreKey {
  let { from } = page;
  for (const { key, value } of page.entries) {
    if (items.length === page.count) break;
    if (key < from) continue;
    const cut = page.delimiter === '' ? -1 : key.indexOf(page.delimiter, page.prefix.length);
    if (cut === -1) {
      items.push({ key: utf8Text(key.slice(page.bucket.length)), value });
      from = after(key);
    } else {
      const common = key.slice(0, cut + page.delimiter.length);
      items.push({ prefix: utf8Text(common.slice(page.bucket.length)) });
      from = endOfPrefix(common);
    }
  }
  return from;
}

function firstKey({ startAfter, startAfterPrefix }: ListObjectsRequest, bucket: string, prefix: string): StoreKey {
  if (startAfter === '') return prefix as StoreKey;
  const last = bucket + utf8Bytes(startAfter);
  const from = startAfterPrefix ? endOfPrefix(last) : after(last);
  return from > prefix ? from : (prefix as StoreKey);
}

/** The smallest key that is greater. */
function after(key: string): StoreKey {
  return `${key}\0` as StoreKey;
}

function pageOf(items: readonly Item[], more: boolean): ListObjectsResponse {
  const objects: ListedObject[] = [];
  const commonPrefixes: string[] = [];
  for (const item of items) {
    if ('prefix' in item) commonPrefixes.push(item.prefix);
    else objects.push({ key: item.key, ...rows.objectSummary.decode(item.value) });
  }
  const last = more ? items.at(-1) : undefined;
  const nextStartAfterPrefix = last !== undefined && 'prefix' in last;
  const nextStartAfter = last === undefined ? '' : 'prefix' in last ? last.prefix : last.key;
  return { objects, commonPrefixes, nextStartAfter, nextStartAfterPrefix };
}
