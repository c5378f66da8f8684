/**
 * What a client says its body's digests are. Read and refused before the body is asked for; compared when the last byte has come,
 * before anything is committed.
 */
import { S3Error } from '../errors/s3-error.ts';
import type { RequestHeaders } from '../http/request.ts';
import { CHECKSUMS, type ChecksumAlgorithm, isChecksumAlgorithm } from './checksums.ts';

const PREFIX = 'x-amz-checksum-';
/** Headers of that prefix that are no digests. */
const NOT_DIGESTS = new Set(['x-amz-checksum-type']);

export interface DeclaredDigests {
  /** Hex. */
  readonly md5: string | undefined;
  readonly checksum: DeclaredChecksum | undefined;
}

export interface DeclaredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** `x-amz-checksum-...` */
  readonly header: string;
  /** Base64; undefined when it comes in the trailer. */
  readonly value: string | undefined;
}

/** @throws InvalidDigest, InvalidRequest, NotImplemented */
export function declaredDigests(headers: RequestHeaders): DeclaredDigests {
  const checksum = declaredChecksum(headers);
  const type = headers['x-amz-checksum-type'];
  if (type !== undefined && type !== 'FULL_OBJECT') {
    throw new S3Error('NotImplemented', `The checksum type ${type} is not supported here.`);
  }
  const wanted = headers['x-amz-sdk-checksum-algorithm']?.toLowerCase();
  if (wanted !== undefined && wanted !== 'md5' && wanted !== checksum?.algorithm) {
    throw new S3Error(
      'InvalidRequest',
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  return { md5: declaredMd5(headers['content-md5']), checksum };
}

function declaredMd5(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const digest = decodeBase64(header, 16);
  if (digest === undefined) throw new S3Error('InvalidDigest', 'The Content-MD5 you specified is not valid.');
  return digest.toString('hex');
}

function declaredChecksum(headers: RequestHeaders): DeclaredChecksum | undefined {
  let found: DeclaredChecksum | undefined;
  const add = (header: string, value: string | undefined) => {
    if (found !== undefined) {
      throw new S3Error(
        'InvalidRequest',
        'Expecting a single x-amz-checksum- header. Multiple checksum types are not allowed.',
      );
    }
    found = { algorithm: algorithmOf(header), header, value };
  };
  for (const name in headers) {
    if (!name.startsWith(PREFIX) || NOT_DIGESTS.has(name)) continue;
    add(name, headers[name]);
    demandDigest(found as unknown as DeclaredChecksum, headers[name] ?? '');
  }
  const trailer = headers['x-amz-trailer']?.trim().toLowerCase();
  if (trailer !== undefined) add(trailer, undefined);
  return found;
}

function algorithmOf(header: string): ChecksumAlgorithm {
  const algorithm = header.startsWith(PREFIX) ? header.slice(PREFIX.length) : '';
  if (isChecksumAlgorithm(algorithm)) return algorithm;
  throw new S3Error('NotImplemented', `The checksum ${header} is not supported.`);
}

/** @throws InvalidRequest when the value is not base64 of a digest of that length. */
export function demandDigest({ algorithm, header }: DeclaredChecksum, value: string): void {
  if (decodeBase64(value, CHECKSUMS[algorithm].bytes) === undefined) {
    throw new S3Error('InvalidRequest', `Value for ${header} header is invalid.`);
  }
}

function decodeBase64(text: string, bytes: number): Buffer | undefined {
  const decoded = Buffer.from(text, 'base64');
  return decoded.length === bytes && decoded.toString('base64') === text ? decoded : undefined;
}
