/** XML bodies, and operations that take none. */
import { LIMITS } from '@cairn/core';
import { EMPTY_SHA256 } from '../authentication/payload.ts';
import { RequestBody } from '../body/request-body.ts';
import { S3Error } from '../errors/s3-error.ts';
import type { Call } from './context.ts';

/** The whole body, verified; undefined when there is none. */
export async function xmlBody({ exchange, principal }: Call): Promise<Uint8Array | undefined> {
  const { request } = exchange;
  if (!request.hasBody) {
    demandEmptyHash({ principal });
    return undefined;
  }
  const open = () => exchange.openBody();
  return new RequestBody({ request, principal, bytesMax: LIMITS.xmlBodyBytesMax, open }).collect();
}

/** An operation without a body must not have signed one. A body that follows all the same is not read; the connection is closed. */
export function demandNoBody({ exchange, principal }: Call): void {
  if (!exchange.request.hasBody) demandEmptyHash({ principal });
}

function demandEmptyHash({ principal }: Pick<Call, 'principal'>): void {
  const { payload } = principal;
  if (payload.kind === 'hashed' && payload.sha256 !== EMPTY_SHA256) throw new S3Error('XAmzContentSHA256Mismatch');
  if (payload.kind === 'chunked') throw new S3Error('IncompleteBody');
}
