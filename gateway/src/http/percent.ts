/** Percent-encoding on bytes (RFC 3986). Byte strings hold one character (U+0000 to U+00FF) a byte, as text from the wire does. */
import { S3Error } from '../errors/s3-error.ts';

const UNRESERVED = /[^A-Za-z0-9\-._~]/g;
const UNRESERVED_OR_SLASH = /[^A-Za-z0-9\-._~/]/g;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function hasBrokenEscapes(raw: string): boolean {
  return /%(?![0-9A-Fa-f]{2})/.test(raw);
}

/** @throws InvalidURI when a `%` is not followed by two hex digits. */
export function percentDecode(raw: string): string {
  if (!raw.includes('%')) return raw;
  if (hasBrokenEscapes(raw)) throw new S3Error('InvalidURI');
  return raw.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

export function percentEncode(bytes: string, options: { keepSlashes?: boolean } = {}): string {
  return bytes.replace(options.keepSlashes ? UNRESERVED_OR_SLASH : UNRESERVED, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

/** Text (not bytes) percent-encoded as UTF-8, slashes kept: what `encoding-type=url` asks for. */
export function percentEncodeText(text: string): string {
  return percentEncode(Buffer.from(text, 'utf8').toString('latin1'), { keepSlashes: true });
}

/** The text that a byte string spells in UTF-8, byte order marks and all; undefined when it is not UTF-8. */
export function utf8Text(bytes: string): string | undefined {
  if (isAscii(bytes)) return bytes;
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return undefined;
  }
}

/** The byte string of a text, for headers. */
export function utf8Bytes(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

export function isAscii(text: string): boolean {
  return !/[\u0080-\uffff]/.test(text);
}

/** One name or value of a query: `+` is a space there. */
export function decodeQueryText(raw: string): string {
  const text = utf8Text(percentDecode(raw.includes('+') ? raw.replaceAll('+', ' ') : raw));
  if (text === undefined) throw new S3Error('InvalidURI');
  return text;
}
