/**
 * The canonical request of SigV4. S3 signs path and query as they are sent: nothing is normalised. Some clients send characters
 * plainly that they sign percent-encoded; for them the same bytes can be encoded strictly, which names the same resource.
 */
import { hasBrokenEscapes, percentDecode, percentEncode } from '../http/percent.ts';
import type { S3Request } from '../http/request.ts';

export interface CanonicalOptions {
  /** Lower case, joined with `;`. */
  signedHeaders: string;
  payloadHash: string;
  /** Decode path and query and encode them again, RFC 3986 strictly. */
  reencode?: boolean;
}

export function canonicalRequest(request: S3Request, options: CanonicalOptions): string {
  const { signedHeaders, payloadHash, reencode = false } = options;
  const path = reencode ? strictly(request.rawPath, { keepSlashes: true }) : request.rawPath;
  let text = `${request.method}\n${path}\n${canonicalQuery(request.rawQuery, reencode)}\n`;
  for (const name of signedHeaders.split(';')) text += `${name}:${canonicalValue(headerOf(request, name))}\n`;
  return `${text}\n${signedHeaders}\n${payloadHash}`;
}

/** The name comes from the client: `constructor` is a header only if it was sent. */
function headerOf({ headers }: S3Request, name: string): string | undefined {
  return Object.hasOwn(headers, name) ? headers[name] : undefined;
}

/** Trimmed, and runs of spaces made one. */
function canonicalValue(value: string | undefined): string {
  if (value === undefined) return '';
  const trimmed = value.trim();
  return trimmed.includes('  ') ? trimmed.replace(/ {2,}/g, ' ') : trimmed;
}

/** Sorted by name, then by value, each as encoded; a name alone gets an empty value. */
export function canonicalQuery(rawQuery: string, reencode: boolean): string {
  if (rawQuery === '') return '';
  const pairs: [name: string, value: string][] = [];
  for (const part of rawQuery.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? '' : part.slice(equals + 1);
    // A `+` is read as a space in a query, so that is what it must be signed as.
    pairs.push(reencode ? [strictly(name.replaceAll('+', ' ')), strictly(value.replaceAll('+', ' '))] : [name, value]);
  }
  if (pairs.length > 1) pairs.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

/** What cannot be decoded stays as it is: the answer to it is for the router to give, to those who may speak. */
function strictly(text: string, options: { keepSlashes?: boolean } = {}): string {
  return hasBrokenEscapes(text) ? text : percentEncode(percentDecode(text), options);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
