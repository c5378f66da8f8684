/** Parsing of what a bulk request says in its head: to one closed shape, or a refusal, before anything of its body is read. */
import type { IncomingMessage } from 'node:http';
import { CairnError, METHODS, type MethodName } from '@cairn/core';
import { declaredBytes } from './body.ts';
import { DEADLINE_HEADER, PATH_PREFIX } from './headers.ts';

const UNSTATED_DEADLINE_MS = 30_000;
const DEADLINE_MS_MAX = 600_000;

export interface BulkRequest {
  method: MethodName;
  authorization: string | undefined;
  bodyBytes: number;
  deadlineMs: number;
}

/** @throws INVALID_ARGUMENT, NOT_IMPLEMENTED, MESSAGE_TOO_LARGE */
export function parseRequest(request: IncomingMessage): BulkRequest {
  // A header that stands twice is read differently by different parsers: none of ours does, so such a request is no request of ours.
  const names = request.rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
  if (new Set(names).size !== names.length) throw new CairnError('INVALID_ARGUMENT', 'a header stands twice');
  if (names.includes('transfer-encoding')) throw new CairnError('INVALID_ARGUMENT', 'a content-length is needed');
  const method = request.url?.startsWith(PATH_PREFIX) ? request.url.slice(PATH_PREFIX.length) : '';
  if (request.method !== 'POST' || !isPayloadMethod(method)) throw new CairnError('NOT_IMPLEMENTED');
  const deadline = request.headers[DEADLINE_HEADER] ?? String(UNSTATED_DEADLINE_MS);
  if (typeof deadline !== 'string' || !/^\d{1,10}$/.test(deadline)) {
    throw new CairnError('INVALID_ARGUMENT', `${DEADLINE_HEADER} is a number of milliseconds`);
  }
  return {
    method,
    authorization: request.headers.authorization,
    bodyBytes: declaredBytes(request),
    deadlineMs: Math.min(Number(deadline), DEADLINE_MS_MAX),
  };
}

function isPayloadMethod(name: string): name is MethodName {
  return Object.hasOwn(METHODS, name) && METHODS[name as MethodName].travel === 'payload';
}
