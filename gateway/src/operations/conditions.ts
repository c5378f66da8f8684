/**
 * Conditional requests (RFC 9110, section 13; S3 judges in the same order). Reads are judged here on what was read; writes are judged
 * by the leader in the committing transaction, and only put into its words here.
 */
import { S3Error } from '../errors/s3-error.ts';
import type { RequestHeaders } from '../http/request.ts';

export type ReadVerdict = 'send' | 'not-modified' | 'failed';

export interface Validators {
  /** Without quotes. */
  etag: string;
  lastModifiedMs: number;
}

export function judgeRead(headers: RequestHeaders, { etag, lastModifiedMs }: Validators): ReadVerdict {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifMatch !== undefined) {
    if (!lists(ifMatch, etag, 'strong')) return 'failed';
  } else if (changedSince(headers['if-unmodified-since'], lastModifiedMs) === true) return 'failed';
  if (ifNoneMatch !== undefined) {
    if (lists(ifNoneMatch, etag, 'weak')) return 'not-modified';
  } else if (changedSince(headers['if-modified-since'], lastModifiedMs) === false) return 'not-modified';
  return 'send';
}

/** Whether a Range still applies: If-Range names this very object, or is not there. */
export function rangeApplies(headers: RequestHeaders, { etag, lastModifiedMs }: Validators): boolean {
  const ifRange = headers['if-range'];
  if (ifRange === undefined) return true;
  if (ifRange.startsWith('"') || ifRange.startsWith('W/')) return lists(ifRange, etag, 'strong');
  return changedSince(ifRange, lastModifiedMs) === false;
}

/** Whether the header is `*` or names the etag. Quotes may be left out, as S3 allows. A weak etag is never a strong match. */
function lists(header: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  return header.split(',').some((word) => {
    const text = word.trim();
    if (text === '*') return true;
    const isWeak = text.startsWith('W/');
    if (isWeak && comparison === 'strong') return false;
    return unquoted(isWeak ? text.slice(2) : text) === etag;
  });
}

/** HTTP dates have whole seconds. @returns undefined when the header is not a date: it is ignored then. */
function changedSince(header: string | undefined, lastModifiedMs: number): boolean | undefined {
  const sinceMs = header === undefined ? Number.NaN : Date.parse(header);
  return Number.isNaN(sinceMs) ? undefined : Math.floor(lastModifiedMs / 1000) * 1000 > sinceMs;
}

export function unquoted(etag: string): string {
  return etag.length >= 2 && etag.startsWith('"') && etag.endsWith('"') ? etag.slice(1, -1) : etag;
}

export interface WriteConditions {
  ifMatch: string | undefined;
  ifNoneMatch: string | undefined;
}

/** @throws NotImplemented for what S3 does not do either: silence would let a write through that was to be held back. */
export function writeConditions(headers: RequestHeaders): WriteConditions {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== '*') {
    throw new S3Error('NotImplemented', 'If-None-Match takes only * here.');
  }
  for (const name of ['if-modified-since', 'if-unmodified-since']) {
    if (headers[name] !== undefined) throw new S3Error('NotImplemented', `${name} is not supported on writes.`);
  }
  if (ifMatch !== undefined && (ifMatch.includes(',') || ifMatch.startsWith('W/') || unquoted(ifMatch.trim()) === '')) {
    throw new S3Error('NotImplemented', 'If-Match takes one strong etag here.');
  }
  return {
    ifMatch: ifMatch === undefined ? undefined : unquoted(ifMatch.trim()),
    ifNoneMatch: ifNoneMatch === undefined ? undefined : '*',
  };
}
