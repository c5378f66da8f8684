/** `BUCKET/KEY` as it is typed. Everything after the first slash is the key, byte for byte. */
import { UsageError } from '../exit-code.ts';

export interface Target {
  bucket: string;
  /** '' when only a bucket was named. */
  key: string;
}

export function parseTarget(text: string): Target {
  const at = text.indexOf('/');
  const target = at < 0 ? { bucket: text, key: '' } : { bucket: text.slice(0, at), key: text.slice(at + 1) };
  if (target.bucket === '') throw new UsageError(`${JSON.stringify(text)} names no bucket; write BUCKET/KEY`);
  return target;
}

/** @throws UsageError when no key was named. */
export function parseObject(text: string): Target {
  const target = parseTarget(text);
  if (target.key === '') throw new UsageError(`${JSON.stringify(text)} names no object; write BUCKET/KEY`);
  return target;
}

/** @throws UsageError when more than a bucket was named. */
export function parseBucket(text: string): string {
  const target = parseTarget(text);
  if (target.key !== '') throw new UsageError(`${JSON.stringify(text)} is more than a bucket; write BUCKET`);
  return target.bucket;
}

/** The prefix that a folder's objects share: '' for a whole bucket, else with a slash at its end. */
export function folderPrefix(key: string): string {
  return key === '' || key.endsWith('/') ? key : `${key}/`;
}
