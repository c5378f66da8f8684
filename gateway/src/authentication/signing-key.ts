/**
 * SigV4 signing keys: four chained HMACs of the secret key, the day, the region and the service. They change once a day, so they are
 * kept; a request then costs one HMAC.
 */
import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { isAscii } from '../http/percent.ts';

/** Yesterday, today and tomorrow of a few keys. */
const KEPT_MAX = 64;

export class SigningKeys {
  readonly #kept = new Map<string, KeyObject>();

  keyFor(options: { accessKey: string; secretKey: string; date: string; region: string }): KeyObject {
    const { accessKey, secretKey, date, region } = options;
    const name = `${date}/${region}/${accessKey}`;
    const kept = this.#kept.get(name);
    if (kept !== undefined) return kept;
    const key = deriveSigningKey({ secretKey, date, region });
    if (this.#kept.size >= KEPT_MAX) this.#kept.clear();
    this.#kept.set(name, key);
    return key;
  }
}

export function deriveSigningKey(options: { secretKey: string; date: string; region: string }): KeyObject {
  const dateKey = hmac(`AWS4${options.secretKey}`, options.date);
  const serviceKey = hmac(hmac(dateKey, options.region), 's3');
  return createSecretKey(hmac(serviceKey, 'aws4_request'));
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

export function hmacHex(key: KeyObject, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}

/** Hex SHA-256 of a byte string. */
export function sha256Hex(bytes: string): string {
  return hash('sha256', isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1'), 'hex');
}

/** Compares in a time that does not tell where the first difference is. */
export function equalSecretly(expected: string, actual: string): boolean {
  const a = Buffer.from(expected, 'latin1');
  const b = Buffer.from(actual, 'latin1');
  return a.length === b.length && timingSafeEqual(a, b);
}
