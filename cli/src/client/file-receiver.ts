/**
 * One object into one file. Bytes go into FILE.part, which becomes FILE by a rename once it is whole and its MD5 is the etag, so FILE
 * never holds half an object. A .part that is there already is continued; if the sum does not fit then, it began as
 * something else, and everything is fetched anew.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import type { Bucket } from '@cairn/client-sdk';
import { CairnError } from '@cairn/core';
import type { Progress } from '../output/progress.ts';
import { hashFile, isMd5 } from './file-digest.ts';

export interface FileReceiverOptions {
  bucket: Bucket;
  key: string;
  object: { bytes: number; etag: string };
  file: string;
  progress: Progress;
  signal: AbortSignal;
}

export async function receiveFile(options: FileReceiverOptions): Promise<void> {
  const { object, file } = options;
  const part = `${file}.part`;
  const kept = await fs.promises.stat(part).catch(() => undefined);
  const resumeAt = isMd5(object.etag) && kept?.isFile() && kept.size <= object.bytes ? kept.size : 0;
  let digest = await fetchFrom(options, part, resumeAt);
  if (digest !== object.etag && resumeAt > 0) {
    options.progress.add(-object.bytes);
    digest = await fetchFrom(options, part, 0);
  }
  if (isMd5(object.etag) && digest !== object.etag) {
    throw new CairnError(
      'BODY_CHECKSUM_MISMATCH',
      'the bytes do not match the etag; the object changed meanwhile: get it again',
    );
  }
  await fs.promises.rename(part, file);
}

/** Appends the object's bytes from `from` on. @returns The MD5 of the whole part. */
async function fetchFrom(options: FileReceiverOptions, part: string, from: number): Promise<string> {
  const { bucket, key, object, progress, signal } = options;
  const hash = createHash('md5');
  if (from > 0) await hashFile(hash, part, signal);
  progress.add(from);
  const file = await fs.promises.open(part, from > 0 ? 'a' : 'w');
  try {
    if (from === object.bytes) return hash.digest('hex');
    const download = await bucket.get(key, from > 0 ? { range: { start: from }, signal } : { signal });
    for await (const piece of download.pieces()) {
      hash.update(piece);
      await file.writeFile(piece);
      progress.add(piece.length);
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}
