/** What `x-amz-content-sha256` says of a body: how it travels and what vouches for it. */
import type { KeyObject } from 'node:crypto';
import { S3Error } from '../errors/s3-error.ts';

/** SHA-256 of nothing: what a request without a body declares. */
export const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** What each chunk's signature is chained from: the request's own signature. */
export interface ChunkSigning {
  key: KeyObject;
  /** YYYYMMDDTHHMMSSZ */
  time: string;
  scope: string;
  seedSignature: string;
}

export type Payload =
  | { readonly kind: 'hashed'; readonly sha256: string }
  | { readonly kind: 'unsigned' }
  /** `aws-chunked`; unsigned when `signing` is undefined. */
  | { readonly kind: 'chunked'; readonly trailer: boolean; readonly signing: ChunkSigning | undefined };

export type PayloadKind = 'hashed' | 'unsigned' | 'chunked' | 'chunked-trailer' | 'chunked-unsigned-trailer';

const KINDS: Readonly<Record<string, PayloadKind>> = {
  'UNSIGNED-PAYLOAD': 'unsigned',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': 'chunked',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': 'chunked-trailer',
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': 'chunked-unsigned-trailer',
};

/** @throws InvalidRequest (missing), InvalidArgument (not a hash), NotImplemented (SigV4A). */
export function payloadKind(header: string | undefined): PayloadKind {
  if (header === undefined) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  if (/^[0-9a-f]{64}$/.test(header)) return 'hashed';
  const kind = Object.hasOwn(KINDS, header) ? KINDS[header] : undefined;
  if (kind !== undefined) return kind;
  if (header.startsWith('STREAMING-AWS4-ECDSA-')) throw new S3Error('NotImplemented', 'SigV4A is not supported.');
  throw new S3Error(
    'InvalidArgument',
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, ' +
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.',
    { elements: { ArgumentName: 'x-amz-content-sha256', ArgumentValue: header } },
  );
}
