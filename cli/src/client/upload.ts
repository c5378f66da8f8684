/** Uploads of files, many at once. One file's failure does not end the others. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { formatSize, hasCode } from '@cairn/core';
import { describeError, UsageError } from '../exit-code.ts';
import { type Progress, startProgress } from '../output/progress.ts';
import { holdsObject } from './file-digest.ts';
import { filePieces } from './file-pieces.ts';
import { keyOf } from './local-path.ts';
import { folderPrefix, parseTarget, type Target } from './object-target.ts';
import { forEachParallel } from './parallel.ts';
import type { ClientSession } from './session.ts';

const FILES_AT_ONCE = 8;

export interface Sources {
  /** `-` is standard input. */
  paths: string[];
  target: Target;
  recursive: boolean;
}

/** @throws UsageError when what was typed does not add up. */
export function parseSources(typed: readonly string[], recursive: boolean): Sources {
  const paths = typed.slice(0, -1);
  const last = typed.at(-1);
  if (last === undefined || paths.length === 0) throw new UsageError('put: name at least one file and then BUCKET/KEY');
  const target = parseTarget(last);
  if (paths.includes('-')) {
    if (paths.length > 1 || recursive) throw new UsageError('put: standard input (-) goes alone and without -r');
    if (target.key === '' || target.key.endsWith('/'))
      throw new UsageError('put: standard input needs a whole BUCKET/KEY');
  }
  return { paths, target, recursive };
}

interface Upload {
  file: string;
  key: string;
  bytes: number;
}

interface Outcome {
  uploaded: { file: string; key: string; bytes: number; etag: string }[];
  skipped: number;
  failed: { file: string; error: string }[];
}

export async function putAll(session: ClientSession, sources: Sources): Promise<void> {
  if (sources.paths[0] === '-') return putStandardInput(session, sources.target);
  const uploads: Upload[] = [];
  for await (const upload of uploadsOf(sources)) uploads.push(upload);
  const totalBytes = uploads.reduce((sum, { bytes }) => sum + bytes, 0);
  const progress = await startProgress({ totalBytes, enabled: !session.json });
  const outcome: Outcome = { uploaded: [], skipped: 0, failed: [] };
  try {
    await forEachParallel({
      items: uploads,
      atOnceMax: FILES_AT_ONCE,
      signal: session.signal,
      action: (upload) => putOne({ session, sources, upload, progress, outcome }),
    });
  } finally {
    progress.stop();
  }
  report(session, sources, outcome);
}

async function putStandardInput({ client, say, document, json, signal }: ClientSession, target: Target): Promise<void> {
  const progress = await startProgress({ totalBytes: undefined, enabled: !json });
  try {
    const onProgress = cumulative(progress);
    const stored = await client.bucket(target.bucket).put(target.key, process.stdin, { onProgress, signal });
    say(`stored ${target.bucket}/${target.key} (${formatSize(stored.bytes)})`);
    document({
      bucket: target.bucket,
      uploaded: [{ file: '-', key: target.key, bytes: stored.bytes, etag: stored.etag }],
    });
  } finally {
    progress.stop();
  }
}

interface PutOne {
  session: ClientSession;
  sources: Sources;
  upload: Upload;
  progress: Progress;
  outcome: Outcome;
}

async function putOne({ session, sources, upload, progress, outcome }: PutOne): Promise<void> {
  const { client, signal } = session;
  const { file, key, bytes } = upload;
  const bucket = client.bucket(sources.target.bucket);
  const counted = cumulative(progress);
  try {
    if (sources.recursive && (await isStored(session, sources.target.bucket, upload))) {
      outcome.skipped += 1;
      progress.add(bytes);
      return;
    }
    const stored = await bucket.put(key, filePieces(file), { contentLength: bytes, onProgress: counted, signal });
    outcome.uploaded.push({ file, key, bytes, etag: stored.etag });
  } catch (error) {
    // These end every other file too; the same command goes on where this one stopped.
    if (signal.aborted || hasCode(error, 'BUCKET_NOT_FOUND', 'UNAVAILABLE', 'PERMISSION_DENIED')) throw error;
    counted({ bytes: 0 });
    outcome.failed.push({ file, error: describeError(error) });
  }
}

/** Progress reports of one transfer are sums; the bar wants differences. */
export function cumulative(progress: Progress): (sum: { bytes: number }) => void {
  let before = 0;
  return ({ bytes }) => {
    progress.add(bytes - before);
    before = bytes;
  };
}

async function isStored({ client, signal }: ClientSession, bucket: string, { file, key }: Upload): Promise<boolean> {
  try {
    return await holdsObject(file, await client.bucket(bucket).head(key, { signal }), signal);
  } catch (error) {
    if (hasCode(error, 'OBJECT_NOT_FOUND')) return false;
    throw error;
  }
}

function report(
  { say, document, complain }: ClientSession,
  { target }: Sources,
  { uploaded, skipped, failed }: Outcome,
): void {
  const bytes = uploaded.reduce((sum, each) => sum + each.bytes, 0);
  const only = uploaded.length === 1 ? uploaded[0] : undefined;
  const what = only === undefined ? `${uploaded.length} files` : `${target.bucket}/${only.key}`;
  say(`stored ${what} (${formatSize(bytes)})${skipped > 0 ? `, ${skipped} were there already` : ''}`);
  document({ bucket: target.bucket, uploaded, skipped, failed });
  for (const { file, error } of failed) complain(`${file}: ${error}`);
}

async function* uploadsOf({ paths, target, recursive }: Sources): AsyncGenerator<Upload> {
  const keepsNames = paths.length > 1 || recursive || target.key === '' || target.key.endsWith('/');
  for (const source of paths) {
    const stat = await fs.promises.stat(source);
    if (stat.isDirectory()) {
      if (!recursive) throw new UsageError(`put: ${source} is a folder; add -r to upload what is in it`);
      yield* filesBelow(source, folderPrefix(target.key));
    } else {
      const key = keepsNames ? folderPrefix(target.key) + path.basename(source) : target.key;
      yield { file: source, key, bytes: stat.size };
    }
  }
}

/** Files below a folder in the order of their names; links to folders are not followed, so that no loop is. */
async function* filesBelow(folder: string, prefix: string): AsyncGenerator<Upload> {
  const entries = await fs.promises.readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      yield* filesBelow(full, `${prefix}${keyOf(entry.name)}/`);
      continue;
    }
    const stat = await fs.promises.stat(full).catch(() => undefined);
    if (stat === undefined) yield { file: full, key: prefix + entry.name, bytes: 0 };
    else if (stat.isFile()) yield { file: full, key: prefix + entry.name, bytes: stat.size };
  }
}
