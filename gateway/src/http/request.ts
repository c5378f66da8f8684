/**
 * One HTTP request as the rest of the gateway sees it: the target as it was sent (what is signed is never normalised), headers
 * by lower-case name, and whether a body follows. Text from the wire is latin-1: one character a byte.
 */
import type { IncomingMessage } from 'node:http';
import { S3Error } from '../errors/s3-error.ts';

export type RequestHeaders = Readonly<Record<string, string | undefined>>;

export interface S3Request {
  readonly raw: IncomingMessage;
  readonly id: string;
  readonly method: string;
  /** Before the `?`, as it was sent. */
  readonly rawPath: string;
  /** After the `?`, as it was sent; '' when there is none. */
  readonly rawQuery: string;
  readonly headers: RequestHeaders;
  /** Whether a body follows, be it empty. */
  readonly hasBody: boolean;
}

/** Headers that mean one thing: sent twice they are refused, because two readers would choose differently. */
const SINGLE = new Set([
  'authorization',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'expect',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'range',
  'transfer-encoding',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-decoded-content-length',
  'x-amz-trailer',
]);

export interface Incoming {
  raw: IncomingMessage;
  /** As it was sent: the router may have replaced `raw.url`. */
  target: string;
  id: string;
}

export function readRequest({ raw, target, id }: Incoming): S3Request {
  const headers = readHeaders(raw);
  const question = target.indexOf('?');
  return {
    raw,
    id,
    method: raw.method ?? '',
    rawPath: question < 0 ? target : target.slice(0, question),
    rawQuery: question < 0 ? '' : target.slice(question + 1),
    headers,
    hasBody:
      headers['transfer-encoding'] !== undefined ||
      (headers['content-length'] !== undefined && headers['content-length'] !== '0'),
  };
}

/** @throws BadRequest for what two readers could understand differently: the connection must be closed then. */
export function demandUnambiguous({ raw, headers, rawPath }: S3Request): void {
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || headers['content-length'] !== undefined)) {
    throw new S3Error('BadRequest', 'Transfer-Encoding must be chunked, and come without Content-Length.');
  }
  if (headers['host'] === undefined) throw new S3Error('BadRequest', 'The Host header is missing.');
  if (!rawPath.startsWith('/')) throw new S3Error('BadRequest', 'The request target must be an absolute path.');
  if (headers !== raw.headers) demandSingles(raw);
}

function demandSingles(raw: IncomingMessage): void {
  const seen = new Set<string>();
  for (let at = 0; at < raw.rawHeaders.length; at += 2) {
    const name = (raw.rawHeaders[at] ?? '').toLowerCase();
    if (SINGLE.has(name) && seen.has(name)) throw new S3Error('BadRequest', `The header ${name} was sent twice.`);
    seen.add(name);
  }
}

function readHeaders(raw: IncomingMessage): RequestHeaders {
  const headers = raw.headers;
  if (Object.keys(headers).length * 2 === raw.rawHeaders.length && headers['set-cookie'] === undefined) {
    return headers as RequestHeaders;
  }
  // Some header was sent twice. Node keeps the first of some and joins others with ', '; what is signed is joined with ','.
  const joined: Record<string, string> = Object.create(null);
  for (let at = 0; at < raw.rawHeaders.length; at += 2) {
    const name = (raw.rawHeaders[at] ?? '').toLowerCase();
    const value = raw.rawHeaders[at + 1] ?? '';
    const before = joined[name];
    joined[name] = before === undefined ? value : `${before},${value}`;
  }
  return joined;
}
