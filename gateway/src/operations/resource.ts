/** What a request is about: the service, a bucket or an object; from the path, or from host and path (virtual-host style). */
import { LIMITS } from '@cairn/core';
import { S3Error } from '../errors/s3-error.ts';
import { percentDecode, utf8Text } from '../http/percent.ts';
import type { S3Request } from '../http/request.ts';
import { isBucketName } from './bucket-name.ts';

/** '' where there is none. */
export interface Resource {
  bucket: string;
  key: string;
}

/**
 * @param domain The domain below which hosts are buckets, or undefined.
 * @throws InvalidURI, InvalidBucketName, KeyTooLongError
 */
export function resourceOf(request: S3Request, domain: string | undefined): Resource {
  const hosted = domain === undefined ? undefined : hostedBucket(request.headers['host'] ?? '', domain);
  const path = request.rawPath.slice(1);
  const slash = path.indexOf('/');
  const rawBucket = hosted ?? (slash < 0 ? path : path.slice(0, slash));
  const rawKey = hosted !== undefined ? path : slash < 0 ? '' : path.slice(slash + 1);
  if (rawBucket === '' && path !== '') throw new S3Error('InvalidBucketName');
  const bucket = percentDecode(rawBucket);
  if (bucket !== '' && !isBucketName(bucket)) {
    throw new S3Error('InvalidBucketName', undefined, { elements: { BucketName: bucket } });
  }
  const keyBytes = percentDecode(rawKey);
  const key = utf8Text(keyBytes);
  if (key === undefined) throw new S3Error('InvalidURI', 'The key is not valid UTF-8.');
  if (keyBytes.length > LIMITS.keyBytesMax) {
    const elements = { Size: String(keyBytes.length), MaxSizeAllowed: String(LIMITS.keyBytesMax) };
    throw new S3Error('KeyTooLongError', undefined, { elements });
  }
  return { bucket, key };
}

function hostedBucket(host: string, domain: string): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const suffix = `.${domain.toLowerCase()}`;
  return name.endsWith(suffix) ? name.slice(0, -suffix.length) : undefined;
}
