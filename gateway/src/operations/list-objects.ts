/** ListObjectsV2 and its predecessor. A page is one snapshot; its XML is written in one pass. */
import type { ListObjectsResponse } from '@cairn/core';
import { percentEncodeText } from '../http/percent.ts';
import { escapeXml, S3_NAMESPACE, XML_HEAD, xmlTime } from '../xml/write.ts';
import type { Call } from './context.ts';
import type { ListPosition } from './continuation-token.ts';
import type { ListingOptions, OperationOf } from './operation.ts';
import { OWNER } from './owner.ts';
import { demandNoBody } from './small-body.ts';

type ListV1 = OperationOf<'ListObjects'>;
type ListV2 = OperationOf<'ListObjectsV2'>;

export async function listObjectsV2(call: Call, operation: ListV2): Promise<void> {
  demandNoBody(call);
  const { continuationToken, startAfter, maxKeys } = operation;
  const position =
    continuationToken === undefined
      ? { startAfter, startAfterPrefix: false }
      : call.tokens.decode(operation, continuationToken);
  const page = await pageOf(call, { ...operation, position });
  const name = nameWriter(operation);
  let xml = head(operation, name);
  if (continuationToken !== undefined) xml += `<ContinuationToken>${escapeXml(continuationToken)}</ContinuationToken>`;
  if (startAfter !== '') xml += `<StartAfter>${name(startAfter)}</StartAfter>`;
  xml += `<KeyCount>${page.objects.length + page.commonPrefixes.length}</KeyCount><MaxKeys>${maxKeys}</MaxKeys>`;
  xml += `<IsTruncated>${page.nextStartAfter !== ''}</IsTruncated>`;
  if (page.nextStartAfter !== '') {
    const next = { startAfter: page.nextStartAfter, startAfterPrefix: page.nextStartAfterPrefix };
    xml += `<NextContinuationToken>${call.tokens.encode(operation, next)}</NextContinuationToken>`;
  }
  answer(call, xml + entries(page, { name, owner: operation.fetchOwner ? OWNER : '' }));
}

export async function listObjects(call: Call, operation: ListV1): Promise<void> {
  demandNoBody(call);
  const { marker, maxKeys } = operation;
  const position = { startAfter: marker, startAfterPrefix: isCommonPrefix(marker, operation) };
  const page = await pageOf(call, { ...operation, position });
  const name = nameWriter(operation);
  let xml = `${head(operation, name)}<Marker>${name(marker)}</Marker><MaxKeys>${maxKeys}</MaxKeys>`;
  xml += `<IsTruncated>${page.nextStartAfter !== ''}</IsTruncated>`;
  if (page.nextStartAfter !== '') xml += `<NextMarker>${name(page.nextStartAfter)}</NextMarker>`;
  answer(call, xml + entries(page, { name, owner: OWNER }));
}

async function pageOf(
  { client }: Call,
  { bucket, prefix, delimiter, maxKeys, position }: (ListV1 | ListV2) & { position: ListPosition },
): Promise<ListObjectsResponse> {
  if (maxKeys === 0) {
    await client.headBucket(bucket);
    return { objects: [], commonPrefixes: [], nextStartAfter: '', nextStartAfterPrefix: false };
  }
  return client.bucket(bucket).listPage({ prefix, delimiter, ...position, limit: maxKeys });
}

/** A marker that is a common prefix of this listing was listed as one: what lies below it is done. */
function isCommonPrefix(marker: string, { prefix, delimiter }: ListingOptions): boolean {
  if (delimiter === '' || !marker.startsWith(prefix) || !marker.endsWith(delimiter)) return false;
  return marker.indexOf(delimiter, prefix.length) === marker.length - delimiter.length;
}

type NameWriter = (name: string) => string;

function nameWriter({ encodeNames }: ListingOptions): NameWriter {
  return encodeNames ? percentEncodeText : escapeXml;
}

function head({ bucket, prefix, delimiter, encodeNames }: ListV1 | ListV2, name: NameWriter): string {
  let xml = `${XML_HEAD}<ListBucketResult xmlns="${S3_NAMESPACE}"><Name>${bucket}</Name><Prefix>${name(prefix)}</Prefix>`;
  if (delimiter !== '') xml += `<Delimiter>${name(delimiter)}</Delimiter>`;
  if (encodeNames) xml += '<EncodingType>url</EncodingType>';
  return xml;
}

interface EntryForm {
  name: NameWriter;
  owner: string;
}

function entries({ objects, commonPrefixes }: ListObjectsResponse, { name, owner }: EntryForm): string {
  let xml = '';
  for (const { key, lastModifiedMs, etag, bytes } of objects) {
    xml +=
      `<Contents><Key>${name(key)}</Key><LastModified>${xmlTime(lastModifiedMs)}</LastModified>` +
      `<ETag>&quot;${escapeXml(etag)}&quot;</ETag><Size>${bytes}</Size>${owner}<StorageClass>STANDARD</StorageClass></Contents>`;
  }
  for (const prefix of commonPrefixes) xml += `<CommonPrefixes><Prefix>${name(prefix)}</Prefix></CommonPrefixes>`;
  return xml;
}

function answer(call: Call, xml: string): void {
  call.exchange.answer(200, ['content-type', 'application/xml'], `${xml}</ListBucketResult>`);
}
