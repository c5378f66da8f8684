/** GetObject and HeadObject. The first bytes are read and verified before the answer is begun; a later failure breaks the connection. */

import { resolveRange } from '@cairn/client-sdk';
import { hasCode, type ObjectVersion } from '@cairn/core';
import { S3Error } from '../errors/s3-error.ts';
import type { HeaderList } from '../http/exchange.ts';
import type { RequestHeaders } from '../http/request.ts';
import { sendPieces } from '../http/send-pieces.ts';
import { judgeRead, rangeApplies } from './conditions.ts';
import type { Call } from './context.ts';
import { httpDate, versionHeaders } from './object-headers.ts';
import type { OperationOf } from './operation.ts';
import { demandNoBody } from './small-body.ts';

type Read = OperationOf<'GetObject' | 'HeadObject'>;

export async function getObject(call: Call, operation: Read): Promise<void> {
  demandNoBody(call);
  const { exchange, client } = call;
  const { headers } = exchange.request;
  const bucket = client.bucket(operation.bucket);
  // Conditions can save the reading of any data, so they are judged first, and again on what is then read.
  if (isConditional(headers)) {
    const version = await bucket.head(operation.key);
    if (refusedByCondition(call, version)) return;
    if (!rangeApplies(headers, version)) operation = { ...operation, range: undefined };
  }
  const { range } = operation;
  const download = await bucket.get(operation.key, { range }).catch(async (error: unknown) => {
    throw hasCode(error, 'RANGE_INVALID') ? rangeError(await bucket.head(operation.key)) : error;
  });
  const { version, contentLength, contentRange } = download;
  if (refusedByCondition(call, version)) return download.cancel();
  const list = describe(call, { ...operation, version });
  if (contentRange !== undefined) list.push('content-range', contentRange);
  list.push('content-length', String(contentLength));
  exchange.head(contentRange === undefined ? 200 : 206, list);
  await sendPieces(exchange, { pieces: download.pieces(), bytes: contentLength });
}

export async function headObject(call: Call, operation: Read): Promise<void> {
  demandNoBody(call);
  const { exchange, client } = call;
  const { headers } = exchange.request;
  const version = await client.bucket(operation.bucket).head(operation.key);
  if (refusedByCondition(call, version)) return;
  const range = rangeApplies(headers, version) ? operation.range : undefined;
  const list = describe(call, { ...operation, range, version });
  if (range === undefined) {
    list.push('content-length', String(version.bytes));
    return exchange.answer(200, list);
  }
  const { start, end } = spanOf(range, version);
  list.push('content-range', `bytes ${start}-${end - 1}/${version.bytes}`, 'content-length', String(end - start));
  exchange.answer(206, list);
}

function isConditional(headers: RequestHeaders): boolean {
  return (
    headers['if-match'] !== undefined ||
    headers['if-none-match'] !== undefined ||
    headers['if-modified-since'] !== undefined ||
    headers['if-unmodified-since'] !== undefined ||
    headers['if-range'] !== undefined
  );
}

/** @returns Whether the request was answered. @throws PreconditionFailed */
function refusedByCondition({ exchange }: Call, version: ObjectVersion): boolean {
  const { headers } = exchange.request;
  if (!isConditional(headers)) return false;
  const verdict = judgeRead(headers, version);
  if (verdict === 'failed') throw new S3Error('PreconditionFailed');
  if (verdict === 'send') return false;
  exchange.answer(304, ['etag', `"${version.etag}"`, 'last-modified', httpDate(version.lastModifiedMs)]);
  return true;
}

type Described = Pick<Read, 'overrides' | 'range'> & { version: ObjectVersion };

function describe({ exchange }: Call, { overrides, range, version }: Described): HeaderList {
  const wantsChecksum = exchange.request.headers['x-amz-checksum-mode'] !== undefined;
  return versionHeaders(version, { overrides, withChecksum: wantsChecksum && range === undefined });
}

function spanOf(range: NonNullable<Read['range']>, version: ObjectVersion) {
  try {
    return resolveRange(range, version.bytes);
  } catch (error) {
    throw hasCode(error, 'RANGE_INVALID') ? rangeError(version) : error;
  }
}

function rangeError({ bytes }: ObjectVersion): S3Error {
  const options = { elements: { ActualObjectSize: String(bytes) }, headers: ['content-range', `bytes */${bytes}`] };
  return new S3Error('InvalidRange', undefined, options);
}
