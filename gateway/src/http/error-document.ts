/** S3's error document. */
import type { S3Error } from '../errors/s3-error.ts';
import { element, XML_HEAD } from '../xml/write.ts';
import type { Exchange, HeaderList } from './exchange.ts';
import { utf8Text } from './percent.ts';

/** Statuses that tell a client to come back, and when. */
const RETRY_AFTER_S: Readonly<Record<number, string>> = { 503: '1' };

export function answerError(exchange: Exchange, error: S3Error): void {
  const { request } = exchange;
  const headers: HeaderList = [...error.headers];
  const retryAfter = RETRY_AFTER_S[error.status];
  if (retryAfter !== undefined) headers.push('retry-after', retryAfter);
  headers.push('content-type', 'application/xml');
  exchange.answer(error.status, headers, errorDocument(error, { resource: request.rawPath, requestId: request.id }));
}

export interface ErrorPlace {
  /** As it was sent. */
  resource: string;
  requestId: string;
}

export function errorDocument(error: S3Error, { resource, requestId }: ErrorPlace): string {
  let elements = '';
  for (const [name, text] of Object.entries(error.elements)) elements += element(name, utf8Text(text) ?? text);
  const { code, message } = error;
  const where = element('Resource', utf8Text(resource) ?? resource) + element('RequestId', requestId);
  return `${XML_HEAD}<Error>${element('Code', code)}${element('Message', message)}${elements}${where}</Error>`;
}
