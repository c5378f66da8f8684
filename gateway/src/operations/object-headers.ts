/** The headers that S3 keeps with an object, from a request to the store and back. Text on the wire is bytes; stored is what they spell. */
import { type Attribute, LIMITS, type ObjectVersion } from '@cairn/core';
import { S3Error } from '../errors/s3-error.ts';
import { utf8Bytes, utf8Text } from '../http/percent.ts';
import type { RequestHeaders } from '../http/request.ts';

const SYSTEM = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
];
const USER_PREFIX = 'x-amz-meta-';
const CHECKSUM_PREFIX = 'x-amz-checksum-';
const CONTENT_TYPE_DEFAULT = 'binary/octet-stream';
/** What HTTP can carry. Objects may come from elsewhere than HTTP. */
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** @throws InvalidArgument when a value is not UTF-8. */
export function systemHeaders(headers: RequestHeaders): Attribute[] {
  const kept: Attribute[] = [];
  for (const name of SYSTEM) {
    const value = headers[name];
    if (value === undefined) continue;
    // aws-chunked is how the body travelled, not how it is encoded.
    const stored = name === 'content-encoding' ? withoutAwsChunked(value) : value;
    if (stored !== '') kept.push({ name, value: textOf(name, stored) });
  }
  if (headers['content-type'] === undefined) kept.push({ name: 'content-type', value: CONTENT_TYPE_DEFAULT });
  return kept;
}

function withoutAwsChunked(value: string): string {
  const codings = value.split(',').map((coding) => coding.trim());
  return codings.filter((coding) => coding.toLowerCase() !== 'aws-chunked').join(', ');
}

/** @throws MetadataTooLarge, InvalidArgument */
export function userMetadata(headers: RequestHeaders): Attribute[] {
  const kept: Attribute[] = [];
  let bytes = 0;
  for (const header in headers) {
    if (!header.startsWith(USER_PREFIX)) continue;
    const name = header.slice(USER_PREFIX.length);
    const value = headers[header] ?? '';
    bytes += name.length + value.length;
    kept.push({ name, value: textOf(header, value) });
  }
  if (bytes > LIMITS.userMetadataBytesMax) {
    const elements = { Size: String(bytes), MaxSizeAllowed: String(LIMITS.userMetadataBytesMax) };
    throw new S3Error('MetadataTooLarge', undefined, { elements });
  }
  return kept;
}

function textOf(name: string, bytes: string): string {
  const text = utf8Text(bytes);
  if (text === undefined) throw new S3Error('InvalidArgument', `The value of ${name} is not valid UTF-8.`);
  return text;
}

export interface VersionHeadersOptions {
  overrides: readonly (readonly [header: string, value: string])[];
  /** Whether the client asked for the checksum it sent, and gets the whole object. */
  withChecksum: boolean;
}

/** What describes a version, as names and values in turn. */
export function versionHeaders(version: ObjectVersion, { overrides, withChecksum }: VersionHeadersOptions): string[] {
  const list = [
    'etag',
    `"${version.etag}"`,
    'last-modified',
    httpDate(version.lastModifiedMs),
    'accept-ranges',
    'bytes',
  ];
  for (const { name, value } of version.headers) {
    if (name.startsWith(CHECKSUM_PREFIX)) {
      if (withChecksum && HEADER_VALUE.test(value)) list.push(name, value, 'x-amz-checksum-type', 'FULL_OBJECT');
    } else if (SYSTEM.includes(name) && !overrides.some(([header]) => header === name)) {
      const bytes = utf8Bytes(value);
      if (HEADER_VALUE.test(bytes)) list.push(name, bytes);
    }
  }
  for (const [header, value] of overrides) list.push(header, value);
  let missing = 0;
  for (const { name, value } of version.userMetadata) {
    const bytes = utf8Bytes(value);
    if (HEADER_NAME.test(name) && HEADER_VALUE.test(bytes)) list.push(USER_PREFIX + name, bytes);
    else missing += 1;
  }
  // S3's own way to say that metadata is there which headers cannot show.
  if (missing > 0) list.push('x-amz-missing-meta', String(missing));
  return list;
}

export function httpDate(timeMs: number): string {
  return new Date(timeMs).toUTCString();
}
