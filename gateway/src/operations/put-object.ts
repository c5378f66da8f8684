/** PutObject: everything that can be refused is refused before the body is asked for; the rest before anything is committed. */
import { LIMITS } from '@cairn/core';
import { RequestBody } from '../body/request-body.ts';
import { writeConditions } from './conditions.ts';
import type { Call } from './context.ts';
import { systemHeaders, userMetadata } from './object-headers.ts';
import type { OperationOf } from './operation.ts';

export async function putObject(call: Call, { bucket, key }: OperationOf<'PutObject'>): Promise<void> {
  const { client, exchange, principal } = call;
  const { request } = exchange;
  const open = () => exchange.openBody();
  const body = new RequestBody({ request, principal, bytesMax: LIMITS.objectPutBytesMax, open });
  const headers = systemHeaders(request.headers);
  const options = {
    headers,
    userMetadata: userMetadata(request.headers),
    contentLength: body.bytes,
    // Declared, it was computed on the way and found right, or the body did not end.
    etag: body.digests.md5,
    ...writeConditions(request.headers),
  };
  const keepChecksum = () => {
    const checksum = body.verifiedChecksum;
    if (checksum !== undefined) headers.push(checksum);
  };
  const target = client.bucket(bucket);
  let etag: string;
  if (body.isSmall) {
    const bytes = await body.collect();
    keepChecksum();
    ({ etag } = await target.put(key, bytes, options));
  } else {
    // Nobody should send gigabytes to a bucket that is not there.
    await client.headBucket(bucket);
    ({ etag } = await target.put(key, body.pieces(), { ...options, beforeCommit: keepChecksum }));
  }
  const checksum = body.verifiedChecksum;
  const more = checksum === undefined ? [] : [checksum.name, checksum.value, 'x-amz-checksum-type', 'FULL_OBJECT'];
  exchange.answer(200, ['etag', `"${etag}"`, ...more]);
}
