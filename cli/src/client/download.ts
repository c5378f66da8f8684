/** Downloads of objects into files, many at once. One object's failure does not end the others. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { formatSize, hasCode } from '@cairn/core';
import { describeError, UsageError } from '../exit-code.ts';
import { type Progress, startProgress } from '../output/progress.ts';
import { holdsObject } from './file-digest.ts';
import { receiveFile } from './file-receiver.ts';
import { relativePathOf } from './local-path.ts';
import { folderPrefix, parseObject, parseTarget, type Target } from './object-target.ts';
import { forEachParallel } from './parallel.ts';
import type { ClientSession } from './session.ts';

const OBJECTS_AT_ONCE = 8;

export interface Download {
  target: Target;
  /** A file, or the folder of a recursive download. */
  into: string;
}

/** @throws UsageError when what was typed does not add up. */
export function parseDownload(typed: string, into: string | undefined, recursive: boolean): Download {
  if (!recursive) {
    const target = parseObject(typed);
    const name = relativePathOf(path.posix.basename(target.key));
    if (into === undefined && (name === undefined || target.key.endsWith('/'))) {
      throw new UsageError(`get: ${JSON.stringify(target.key)} cannot be a file's name here; name the FILE`);
    }
    return { target, into: into ?? (name as string) };
  }
  if (into === undefined) throw new UsageError('get -r: name the folder to write to as well');
  return { target: parseTarget(typed), into };
}

export async function getObject(session: ClientSession, { target, into }: Download): Promise<void> {
  const { client, signal, say, document } = session;
  const stat = await fs.promises.stat(into).catch(() => undefined);
  const file = stat?.isDirectory() ? path.join(into, path.posix.basename(target.key)) : into;
  const object = await client.bucket(target.bucket).head(target.key, { signal });
  const progress = await startProgress({ totalBytes: object.bytes, enabled: !session.json });
  try {
    await receiveFile({ bucket: client.bucket(target.bucket), key: target.key, object, file, progress, signal });
  } finally {
    progress.stop();
  }
  say(`wrote ${file} (${formatSize(object.bytes)})`);
  document({ bucket: target.bucket, downloaded: [{ key: target.key, file, bytes: object.bytes, etag: object.etag }] });
}

interface Listed {
  key: string;
  bytes: number;
  etag: string;
}

interface Outcome {
  found: number;
  downloaded: { key: string; file: string; bytes: number }[];
  skipped: number;
  failed: { key: string; error: string }[];
}

export async function getFolder(session: ClientSession, { target, into }: Download): Promise<void> {
  const { client, signal } = session;
  const prefix = folderPrefix(target.key);
  const progress = await startProgress({ totalBytes: undefined, enabled: !session.json });
  const outcome: Outcome = { found: 0, downloaded: [], skipped: 0, failed: [] };
  try {
    await forEachParallel({
      items: client.bucket(target.bucket).list({ prefix, signal }),
      atOnceMax: OBJECTS_AT_ONCE,
      signal,
      action: async (entry) => {
        if (entry.kind === 'prefix') return;
        outcome.found += 1;
        await getOne({ session, bucket: target.bucket, prefix, into, object: entry, progress, outcome });
      },
    });
  } finally {
    progress.stop();
  }
  report(session, target, outcome);
}

interface GetOne {
  session: ClientSession;
  bucket: string;
  prefix: string;
  into: string;
  object: Listed;
  progress: Progress;
  outcome: Outcome;
}

async function getOne({ session, bucket, prefix, into, object, progress, outcome }: GetOne): Promise<void> {
  const { client, signal } = session;
  const rest = object.key.slice(prefix.length);
  // What S3 browsers store to show an empty folder.
  if (object.bytes === 0 && (rest === '' || rest.endsWith('/'))) return;
  try {
    const relative = relativePathOf(rest);
    if (relative === undefined)
      throw new UsageError('this key cannot be a file name here; get it by itself and name the FILE');
    const file = path.join(into, relative);
    if (await holdsObject(file, object, signal)) {
      outcome.skipped += 1;
      return;
    }
    await fs.promises.mkdir(path.dirname(file), { recursive: true });
    await receiveFile({ bucket: client.bucket(bucket), key: object.key, object, file, progress, signal });
    outcome.downloaded.push({ key: object.key, file, bytes: object.bytes });
  } catch (error) {
    if (signal.aborted || hasCode(error, 'BUCKET_NOT_FOUND')) throw error;
    outcome.failed.push({ key: object.key, error: describeError(error) });
  }
}

function report({ say, document, complain }: ClientSession, { bucket, key }: Target, outcome: Outcome): void {
  const { found, downloaded, skipped, failed } = outcome;
  const bytes = downloaded.reduce((sum, each) => sum + each.bytes, 0);
  say(`wrote ${downloaded.length} files (${formatSize(bytes)})${skipped > 0 ? `, ${skipped} were there already` : ''}`);
  document({ bucket, downloaded, skipped, failed });
  if (found === 0) complain(`nothing lies below ${bucket}/${key}`);
  for (const each of failed) complain(`${each.key}: ${each.error}`);
}
