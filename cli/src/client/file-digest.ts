/** The MD5 of a local file, in hex: what an object's etag is compared with. */
import { createHash, type Hash } from 'node:crypto';
import * as fs from 'node:fs';
import { filePieces } from './file-pieces.ts';

const MD5_ETAG = /^[0-9a-f]{32}$/;

/** Adds a file's bytes to a hash. */
export async function hashFile(hash: Hash, file: string, signal: AbortSignal): Promise<void> {
  for await (const piece of filePieces(file)) {
    signal.throwIfAborted();
    hash.update(piece);
  }
}

export async function md5OfFile(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('md5');
  await hashFile(hash, file, signal);
  return hash.digest('hex');
}

/** Whether an etag is the MD5 of its object's bytes; those of some S3 writers are not. */
export function isMd5(etag: string): boolean {
  return MD5_ETAG.test(etag);
}

/** Whether a local file holds exactly an object's bytes. */
export async function holdsObject(
  file: string,
  object: { bytes: number; etag: string },
  signal: AbortSignal,
): Promise<boolean> {
  const stat = await fs.promises.stat(file).catch(() => undefined);
  if (!stat?.isFile() || stat.size !== object.bytes || !isMd5(object.etag)) return false;
  return (await md5OfFile(file, signal)) === object.etag;
}
