/** DeleteObject: one that is not there is no error, as in S3, unless a condition asks for it. */

import { S3Error } from '../errors/s3-error.ts';
import { writeConditions } from './conditions.ts';
import type { Call } from './context.ts';
import type { OperationOf } from './operation.ts';
import { demandNoBody } from './small-body.ts';

export async function deleteObject(call: Call, { bucket, key }: OperationOf<'DeleteObject'>): Promise<void> {
  demandNoBody(call);
  const { ifMatch, ifNoneMatch } = writeConditions(call.exchange.request.headers);
  if (ifNoneMatch !== undefined) throw new S3Error('NotImplemented', 'If-None-Match is not supported on deletes.');
  await call.client.bucket(bucket).delete(key, { ifMatch });
  call.exchange.answer(204, []);
}
