/**
 * The journal: the truth about the metadata. Records are appended with one write and one sync for all that are ready; a
 * failed write or sync is never retried. Invariant: whatever `durableSequence` says is on disk, and reading the folder finds it.
 */
import { type Clock, type Disk, type DiskFile, invariant, type Log, xxh64 } from '@cairn/core';
import { AcknowledgedMark } from './acknowledged-mark.ts';
import { type EncodedRecord, finishRecord } from './record.ts';
import type { JournalState, SegmentState } from './recovery.ts';
import { encodeSegmentHeader, recordsOf, SEGMENT_HEADER_BYTES, segmentName } from './segment.ts';

export interface JournalOptions {
  disk: Disk;
  clock: Clock;
  log: Log;
  folder: string;
}

type OldSegment = Pick<SegmentState, 'path' | 'lastSequence'>;

interface Tail {
  path: string;
  file: DiskFile;
  salt: bigint;
  bytes: number;
}

export class Journal {
  readonly #options: JournalOptions;
  readonly #mark: AcknowledgedMark;
  /** Full segments, oldest first. */
  readonly #old: OldSegment[];
  #tail: Tail;
  #durableSequence: number;

  private constructor(
    options: JournalOptions,
    parts: { mark: AcknowledgedMark; old: OldSegment[]; durableSequence: number; tail: Tail },
  ) {
    this.#options = options;
    this.#mark = parts.mark;
    this.#old = parts.old;
    this.#durableSequence = parts.durableSequence;
    this.#tail = parts.tail;
  }

  /** Makes a judged journal ready for appending: cuts its torn tail, or starts its first segment. */
  static async open(options: JournalOptions, state: JournalState): Promise<Journal> {
    await options.disk.makeDirectory(options.folder);
    const { segments, lastSequence, nextIsBlank } = state;
    const last = nextIsBlank ? undefined : segments.at(-1);
    const tail =
      last === undefined
        ? await startSegment(options, { firstSequence: lastSequence + 1, previousSalt: segments.at(-1)?.salt ?? 0n })
        : await continueSegment(options, last, state.provenSequence);
    const mark = await AcknowledgedMark.open(options.disk, options.folder);
    const old = segments.filter((segment) => segment !== last);
    return new Journal(options, { mark, old, durableSequence: lastSequence, tail });
  }

  get durableSequence(): number {
    return this.#durableSequence;
  }

  /** Bytes of the segment that is being written. */
  get tailBytes(): number {
    return this.#tail.bytes;
  }

  /** Makes the records durable. Not to be called again before it has resolved, nor ever after it has failed. */
  async append(records: readonly EncodedRecord[]): Promise<void> {
    const tail = this.#tail;
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for (const [index, record] of records.entries()) {
      invariant(record.sequence === this.#durableSequence + 1 + index, 'the sequences of the journal have no gap');
      finishRecord(record, { durableSequence: this.#durableSequence, salt: tail.salt });
      pieces.push(record.bytes);
      bytes += record.bytes.length;
    }
    await tail.file.write(pieces, tail.bytes);
    await tail.file.sync();
    tail.bytes += bytes;
    this.#durableSequence += records.length;
  }

  /** Leaves a witness that everything up to `sequence` was acknowledged. */
  acknowledge(sequence: number): Promise<void> {
    return this.#mark.set(sequence);
  }

  /** Goes on in a new segment. Not to be called while an append is under way. */
  async rotate(): Promise<void> {
    const full = this.#tail;
    this.#tail = await startSegment(this.#options, {
      firstSequence: this.#durableSequence + 1,
      previousSalt: full.salt,
    });
    this.#old.push({ path: full.path, lastSequence: this.#durableSequence });
    await full.file.close();
  }

  /** Removes the full segments that hold nothing above `sequence`, oldest first, so that no power cut leaves a gap. */
  async removeUpTo(sequence: number): Promise<void> {
    for (let first = this.#old[0]; first !== undefined && first.lastSequence <= sequence; first = this.#old[0]) {
      await this.#options.disk.remove(first.path);
      await this.#options.disk.syncDirectory(this.#options.folder);
      this.#old.shift();
    }
  }

  async close(): Promise<void> {
    await this.#tail.file.close();
    await this.#mark.close();
  }
}

async function startSegment(
  options: JournalOptions,
  start: { firstSequence: number; previousSalt: bigint },
): Promise<Tail> {
  const { disk, folder, clock } = options;
  const path = `${folder}/${segmentName(start.firstSequence)}`;
  const salt = freshSalt(`${path} ${clock.now()} ${clock.monotonic()}`, start.previousSalt);
  const file = await disk.open(path, { create: true });
  await file.truncate(0);
  await file.write([encodeSegmentHeader({ firstSequence: start.firstSequence, salt })], 0);
  await file.sync();
  await disk.syncDirectory(folder);
  return { path, file, salt, bytes: SEGMENT_HEADER_BYTES };
}

/** Not a secret: it only has to differ from segment to segment and to be unknown to those who choose values. */
function freshSalt(origin: string, previous: bigint): bigint {
  return xxh64(Buffer.from(origin), previous);
}

/**
 * Records that were written when the process died can be read, but nothing says that they reached the disk: after a failed
 * sync the kernel takes its pages for clean. They are written again and synced before anything is built on them.
 */
async function continueSegment(options: JournalOptions, last: SegmentState, provenSequence: number): Promise<Tail> {
  const { disk, log } = options;
  const { path, salt, validBytes, fileBytes } = last;
  const file = await disk.open(path);
  if (fileBytes > validBytes) {
    const cut = { file: path, offset: validBytes, bytes: fileBytes - validBytes };
    log.warn(cut, 'cutting the torn tail of the metadata journal: it was never acknowledged');
    await file.truncate(validBytes);
  }
  if (last.lastSequence > provenSequence) {
    const bytes = Buffer.alloc(validBytes);
    await file.read(bytes, 0);
    let provenBytes = SEGMENT_HEADER_BYTES;
    for (const record of recordsOf(bytes, salt)) if (record.sequence <= provenSequence) provenBytes = record.end;
    await file.write([bytes.subarray(provenBytes)], provenBytes);
  }
  await file.sync();
  return { path, file, salt, bytes: validBytes };
}
