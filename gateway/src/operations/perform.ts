/** From an operation to who performs it. Exhaustive: a new operation does not compile until it has a line here. */
import { unreachable } from '@cairn/core';
import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
  listBuckets,
} from './buckets.ts';
import type { Call } from './context.ts';
import { deleteObject } from './delete-object.ts';
import { deleteObjects } from './delete-objects.ts';
import { listObjects, listObjectsV2 } from './list-objects.ts';
import type { Operation } from './operation.ts';
import { putObject } from './put-object.ts';
import { getObject, headObject } from './read-object.ts';

/** Resolves when the request was answered; rejects with what it is to be refused with. */
export function perform(call: Call, operation: Operation): Promise<void> {
  switch (operation.kind) {
    case 'PutObject':
      return putObject(call, operation);
    case 'GetObject':
      return getObject(call, operation);
    case 'HeadObject':
      return headObject(call, operation);
    case 'DeleteObject':
      return deleteObject(call, operation);
    case 'DeleteObjects':
      return deleteObjects(call, operation);
    case 'ListObjectsV2':
      return listObjectsV2(call, operation);
    case 'ListObjects':
      return listObjects(call, operation);
    case 'ListBuckets':
      return listBuckets(call);
    case 'CreateBucket':
      return createBucket(call, operation);
    case 'HeadBucket':
      return headBucket(call, operation);
    case 'DeleteBucket':
      return deleteBucket(call, operation);
    case 'GetBucketVersioning':
      return getBucketVersioning(call, operation);
    case 'GetBucketLocation':
      return getBucketLocation(call, operation);
    default:
      return unreachable(operation);
  }
}
