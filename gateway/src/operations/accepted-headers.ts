/**
 * Which `x-amz-*` headers each operation understands, and with which values. Every other one would change what the request
 * means, so it is refused with NotImplemented: nothing is silently ignored.
 */
import { S3Error } from '../errors/s3-error.ts';
import type { RequestHeaders } from '../http/request.ts';
import type { OperationKind } from './operation.ts';

/** Accepted values; undefined: any. */
type Accepted = Readonly<Record<string, readonly string[] | undefined>>;

const EVERYWHERE: Accepted = {
  'x-amz-content-sha256': undefined,
  'x-amz-date': undefined,
  'x-amz-user-agent': undefined,
  // Who pays is not a question here.
  'x-amz-request-payer': undefined,
};

const WITH_BODY: Accepted = {
  ...EVERYWHERE,
  'x-amz-checksum-crc32': undefined,
  'x-amz-checksum-crc32c': undefined,
  'x-amz-checksum-crc64nvme': undefined,
  'x-amz-checksum-sha1': undefined,
  'x-amz-checksum-sha256': undefined,
  'x-amz-checksum-type': ['FULL_OBJECT'],
  'x-amz-decoded-content-length': undefined,
  'x-amz-sdk-checksum-algorithm': undefined,
  'x-amz-trailer': undefined,
};

const READ: Accepted = { ...EVERYWHERE, 'x-amz-checksum-mode': ['ENABLED'] };

const ACCEPTED: Record<OperationKind, Accepted> = {
  ListBuckets: EVERYWHERE,
  CreateBucket: {
    ...WITH_BODY,
    'x-amz-acl': ['private'],
    'x-amz-object-ownership': ['BucketOwnerEnforced'],
    'x-amz-bucket-object-lock-enabled': ['false'],
  },
  HeadBucket: EVERYWHERE,
  DeleteBucket: EVERYWHERE,
  GetBucketLocation: EVERYWHERE,
  GetBucketVersioning: EVERYWHERE,
  ListObjects: EVERYWHERE,
  ListObjectsV2: EVERYWHERE,
  DeleteObjects: WITH_BODY,
  PutObject: { ...WITH_BODY, 'x-amz-acl': ['private'], 'x-amz-storage-class': ['STANDARD'] },
  GetObject: READ,
  HeadObject: READ,
  DeleteObject: EVERYWHERE,
};

export const OPERATION_KINDS = Object.keys(ACCEPTED) as OperationKind[];

const USER_METADATA = 'x-amz-meta-';

/** @throws NotImplemented */
export function demandAcceptedHeaders(kind: OperationKind, headers: RequestHeaders): void {
  const accepted = ACCEPTED[kind];
  for (const name in headers) {
    if (!name.startsWith('x-amz-')) continue;
    if (kind === 'PutObject' && name.startsWith(USER_METADATA)) continue;
    const isKnown = Object.hasOwn(accepted, name);
    const values = accepted[name];
    if (isKnown && (values === undefined || values.includes(headers[name] ?? ''))) continue;
    const what = isKnown ? `The value of the header ${name}` : `The header ${name}`;
    throw new S3Error('NotImplemented', `${what} is not supported here.`);
  }
}
