/**
 * Walks over a log: every valid record in order, and every stretch in between that is none. After damage the next record is
 * found by its magic; a record is valid when its head verifies and names this volume and the place where it lies. Payloads
 * are not looked at, but a record whose payload goes beyond the end of the file is no record.
 */
import type { DiskFile, VolumeId } from '@cairn/core';
import { decodeHead, HEAD_BYTES_MIN, headLength, MAGIC, type RecordHead } from '../format/record.ts';
import { WindowReader } from './window-reader.ts';

export interface RecordSpan {
  kind: 'record';
  start: number;
  end: number;
  payloadStart: number;
  head: RecordHead;
}

/** Bytes that no valid record covers. */
export interface HoleSpan {
  kind: 'hole';
  start: number;
  end: number;
}

export type Span = RecordSpan | HoleSpan;

export interface WalkOptions {
  file: DiskFile;
  volumeId: VolumeId;
  from: number;
  fileBytes: number;
}

const SEARCH_BYTES = 64 * 1024;

export async function* walk(options: WalkOptions): AsyncGenerator<Span> {
  const reader = new WindowReader(options.file, options.fileBytes);
  let at = options.from;
  while (at < options.fileBytes) {
    const record = await recordAt(reader, options, at);
    if (record !== undefined) {
      yield record;
      at = record.end;
      continue;
    }
    const next = await nextRecord(reader, options, at + 1);
    yield { kind: 'hole', start: at, end: next };
    at = next;
  }
}

async function recordAt(reader: WindowReader, options: WalkOptions, at: number): Promise<RecordSpan | undefined> {
  const length = headLength(await reader.at(at, HEAD_BYTES_MIN));
  if (length === undefined) return undefined;
  const head = decodeHead(await reader.at(at, length));
  if (head === undefined || head.volumeId !== options.volumeId || head.offset !== at) return undefined;
  const end = at + length + head.payloadBytes;
  if (end > options.fileBytes) return undefined;
  // The window moves on; the checksums must not move with it.
  head.blockChecksums = new Uint8Array(head.blockChecksums);
  return { kind: 'record', start: at, end, payloadStart: at + length, head };
}

/** @returns Where the next valid record starts, or the end of the file. */
async function nextRecord(reader: WindowReader, options: WalkOptions, from: number): Promise<number> {
  let at = from;
  while (at + HEAD_BYTES_MIN <= options.fileBytes) {
    const bytes = await reader.at(at, SEARCH_BYTES);
    const found = bytes.indexOf(MAGIC);
    if (found < 0) {
      at += Math.max(1, bytes.length - MAGIC.length + 1);
      continue;
    }
    if ((await recordAt(reader, options, at + found)) !== undefined) return at + found;
    at += found + 1;
  }
  return options.fileBytes;
}
