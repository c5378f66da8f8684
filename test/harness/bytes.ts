/** Reproducible bytes: what a test stores and expects back. */
import { createCipheriv, createHash } from 'node:crypto';

/** `count` bytes that depend on the seed only (AES-128-CTR of zeros). */
export function bytesOf(seed: string | number, count: number): Buffer {
  const key = createHash('md5').update(String(seed)).digest();
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  return cipher.update(Buffer.alloc(count));
}

/** The same bytes as a stream of 1 MiB pieces, for sizes that should not lie in memory. */
export function* bytePieces(seed: string | number, count: number): Generator<Buffer> {
  const key = createHash('md5').update(String(seed)).digest();
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  for (let left = count; left > 0; left -= 1 << 20) yield cipher.update(Buffer.alloc(Math.min(left, 1 << 20)));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export async function sha256Of(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
