/**
 * Reads a journal and judges it; changes nothing. A journal is sound when its segments hold consecutive sequences and reach
 * the highest sequence that anything in the folder claims to have been durable: a record, a segment's header or the mark.
 * What lies behind that and does not verify is a torn tail, which was never acknowledged. Everything else is damage.
 */
import { CairnError, type Disk, type Log } from '@cairn/core';
import { decodeMark, MARK_NAME } from './acknowledged-mark.ts';
import { type DecodedRecord, durableClaimAfter } from './record.ts';
import { decodeSegmentHeader, parseSegmentName, recordsOf, SEGMENT_HEADER_BYTES } from './segment.ts';

export interface SegmentState {
  path: string;
  salt: bigint;
  firstSequence: number;
  /** firstSequence - 1 when it holds no record. */
  lastSequence: number;
  /** Where the last whole record ends. */
  validBytes: number;
  fileBytes: number;
}

export interface JournalState {
  segments: SegmentState[];
  /** Whether the next segment exists already, without a whole header and therefore without a record. */
  nextIsBlank: boolean;
  /** 0 for an empty journal. */
  lastSequence: number;
  /** Up to here there is proof that the records are on the disk, and not just readable. */
  provenSequence: number;
}

/** A refusal, with what an operator has to know next. */
export function damaged(what: string): CairnError {
  return new CairnError(
    'METADATA_DAMAGED',
    `${what}. Nothing was changed in the journal. Restore the metadata folder, as a whole, from a copy that was made while the metadata server was stopped.`,
  );
}

/** @throws METADATA_DAMAGED with file, offset and sequence of what is wrong. */
export async function inspectJournal(options: { disk: Disk; folder: string; log: Log }): Promise<JournalState> {
  const { disk, folder } = options;
  const names = (await disk.list(folder)).filter((name) => parseSegmentName(name) !== undefined);
  const segments: SegmentState[] = [];
  let claimed = await readMark(options);
  let nextIsBlank = false;
  for (const [index, name] of names.entries()) {
    const path = `${folder}/${name}`;
    const bytes = await wholeFile(disk, path);
    const last = index === names.length - 1;
    const segment = inspectSegment({ path, bytes, firstSequence: parseSegmentName(name) ?? 0, last });
    const next = segments.length === 0 ? segment.state.firstSequence : (segments.at(-1)?.lastSequence ?? 0) + 1;
    if (segment.state.firstSequence !== next) {
      throw damaged(
        `The metadata journal lacks the commits ${next} to ${segment.state.firstSequence - 1}: they should lie before ${path}`,
      );
    }
    claimed = Math.max(claimed, segment.claimed);
    if (segment.blank) nextIsBlank = true;
    else segments.push(segment.state);
  }
  const lastSequence = segments.at(-1)?.lastSequence ?? 0;
  if (claimed > lastSequence) throw lostTail({ folder, tail: segments.at(-1), lastSequence, claimed });
  return { segments, nextIsBlank, lastSequence, provenSequence: claimed };
}

function lostTail(found: { folder: string; tail: SegmentState | undefined; lastSequence: number; claimed: number }) {
  const { folder, tail, lastSequence, claimed } = found;
  const where = tail === undefined ? folder : `${tail.path} at offset ${tail.validBytes}`;
  return damaged(
    `The metadata journal cannot be read beyond commit ${lastSequence} (${where}), but commit ${claimed} was acknowledged`,
  );
}

/** `blank`: it has no whole header and therefore never held a record. `claimed`: the highest sequence it says was durable. */
interface InspectedSegment {
  state: SegmentState;
  claimed: number;
  blank: boolean;
}

function inspectSegment(file: { path: string; bytes: Buffer; firstSequence: number; last: boolean }): InspectedSegment {
  const { path, bytes, firstSequence, last } = file;
  const header = decodeSegmentHeader(bytes);
  const state: SegmentState = {
    path,
    salt: header?.salt ?? 0n,
    firstSequence,
    lastSequence: firstSequence - 1,
    validBytes: SEGMENT_HEADER_BYTES,
    fileBytes: bytes.length,
  };
  // A segment is started only after everything before it was durable.
  let claimed = firstSequence - 1;
  if (header === undefined) {
    if (last && bytes.length <= SEGMENT_HEADER_BYTES) return { state, claimed, blank: true };
    throw damaged(`The header of the metadata journal ${path} (offset 0) does not verify`);
  }
  if (header.firstSequence !== firstSequence) {
    throw damaged(`${path} holds the commits from ${header.firstSequence} on, not those that its name says`);
  }
  for (const record of recordsOf(bytes, header.salt)) {
    if (record.sequence !== state.lastSequence + 1) {
      throw damaged(
        `${path} holds commit ${record.sequence} at offset ${state.validBytes}, where commit ${state.lastSequence + 1} belongs`,
      );
    }
    claimed = Math.max(claimed, record.durableSequence);
    state.lastSequence = record.sequence;
    state.validBytes = record.end;
  }
  if (state.validBytes === bytes.length) return { state, claimed, blank: false };
  if (!last) {
    throw damaged(
      `Commit ${state.lastSequence + 1} in the metadata journal ${path} at offset ${state.validBytes} does not verify, and later ones follow`,
    );
  }
  claimed = Math.max(claimed, durableClaimAfter(bytes, state.validBytes, header.salt));
  return { state, claimed, blank: false };
}

/** The records with a sequence above `after`, in order. */
export async function* recordsAfter(disk: Disk, state: JournalState, after: number): AsyncGenerator<DecodedRecord> {
  for (const segment of state.segments) {
    if (segment.lastSequence <= after) continue;
    const bytes = (await wholeFile(disk, segment.path)).subarray(0, segment.validBytes);
    for (const record of recordsOf(bytes, segment.salt)) {
      if (record.sequence > after) yield record;
    }
  }
}

async function readMark({ disk, folder, log }: { disk: Disk; folder: string; log: Log }): Promise<number> {
  const bytes = await disk.readFile(`${folder}/${MARK_NAME}`);
  if (bytes === undefined || bytes.length === 0) return 0;
  const sequence = decodeMark(asBuffer(bytes));
  if (sequence === undefined)
    log.warn({ file: `${folder}/${MARK_NAME}` }, 'the mark of acknowledged commits does not verify');
  return sequence ?? 0;
}

async function wholeFile(disk: Disk, path: string): Promise<Buffer> {
  return asBuffer((await disk.readFile(path)) ?? new Uint8Array());
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
