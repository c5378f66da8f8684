/** SigV4 as a client computes it, written apart from the gateway's own, for tests that must send what no SDK would. */
import { createHash, createHmac } from 'node:crypto';

export interface SignOptions {
  method: string;
  /** Path and canonical query. */
  target: string;
  host: string;
  accessKey: string;
  secretKey: string;
  headers?: Record<string, string>;
  /** `x-amz-content-sha256` */
  payload?: string;
  region?: string;
  service?: string;
  date?: Date;
  /** Of the credential scope; the date's own day when left out. */
  day?: string;
  /** Headers that are sent and not signed. */
  unsigned?: Record<string, string>;
}

export interface Signed {
  headers: Record<string, string>;
  signature: string;
  /** Signs what follows in the chain of an `aws-chunked` body. */
  signNext: (previous: string, algorithm: string, tail: string) => string;
}

export const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

export function sign(options: SignOptions): Signed {
  const { method, target, host, accessKey, secretKey, payload = 'UNSIGNED-PAYLOAD', date = new Date() } = options;
  const { region = 'us-east-1', service = 's3', unsigned = {} } = options;
  const time = date.toISOString().replace(/[-:]|\.\d+/g, '');
  const day = options.day ?? time.slice(0, 8);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const signedHeaders: Record<string, string> = { host, 'x-amz-content-sha256': payload, 'x-amz-date': time };
  for (const [name, value] of Object.entries(options.headers ?? {})) signedHeaders[name.toLowerCase()] = value;
  const names = Object.keys(signedHeaders).sort();
  const [path = '', query = ''] = target.split('?', 2);
  const lines = names.map((name) => `${name}:${signedHeaders[name]}\n`).join('');
  const canonical = Buffer.from(`${method}\n${path}\n${query}\n${lines}\n${names.join(';')}\n${payload}`, 'latin1');
  const key = hmac(hmac(hmac(hmac(`AWS4${secretKey}`, day), region), service), 'aws4_request');
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope},SignedHeaders=${names.join(';')},Signature=${signature}`;
  return {
    headers: { ...signedHeaders, ...unsigned, authorization },
    signature,
    signNext: (previous, algorithm, tail) =>
      hmac(key, `${algorithm}\n${time}\n${scope}\n${previous}\n${tail}`).toString('hex'),
  };
}

/** A signed `aws-chunked` body, as STREAMING-AWS4-HMAC-SHA256-PAYLOAD travels; with a trailer if one is given. */
export function signedChunks(signed: Signed, chunks: readonly Uint8Array[], trailer?: string): Buffer {
  const parts: Uint8Array[] = [];
  let previous = signed.signature;
  for (const chunk of [...chunks, new Uint8Array(0)]) {
    previous = signed.signNext(previous, 'AWS4-HMAC-SHA256-PAYLOAD', `${sha256('')}\n${sha256(chunk)}`);
    parts.push(Buffer.from(`${chunk.length.toString(16)};chunk-signature=${previous}\r\n`), chunk);
    if (chunk.length > 0) parts.push(Buffer.from('\r\n'));
  }
  if (trailer !== undefined) {
    const signature = signed.signNext(previous, 'AWS4-HMAC-SHA256-TRAILER', sha256(`${trailer}\n`));
    parts.push(Buffer.from(`${trailer}\r\nx-amz-trailer-signature:${signature}\r\n`));
  }
  return Buffer.concat([...parts, Buffer.from('\r\n')]);
}

/** An unsigned `aws-chunked` body with its trailers. */
export function plainChunks(chunks: readonly Uint8Array[], trailers: readonly string[]): Buffer {
  const parts = chunks.flatMap((chunk) => [
    Buffer.from(`${chunk.length.toString(16)}\r\n`),
    chunk,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...parts, Buffer.from(`0\r\n${trailers.map((line) => `${line}\r\n`).join('')}\r\n`)]);
}
