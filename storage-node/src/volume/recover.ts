/**
 * Recovery: what a volume's log holds beyond its checkpoint. The watermark is the largest offset that is known to have been synced, from
 * the checkpoint and from what later records say of it. What lies before the watermark and does not verify is corruption: it is kept and
 * counted. What lies behind it was never acknowledged: the end is cut off, a hole inside is covered with a gap record.
 */
import { type ChunkId, type DiskFile, firstBadBlock, type Log, type ReplicaState, type VolumeId } from '@cairn/core';
import { encodeHead, HEAD_BYTES_MIN, NO_CHUNK, NO_VERSION } from '../format/record.ts';
import type { Checkpoint, ChunkIndex } from '../index/chunk-index.ts';
import { type RecordSpan, type Span, walk } from '../log/walk.ts';
import { Entries } from './entries.ts';

/** A rebuild writes its entries to the index whenever it holds this many. */
const SPILL_ENTRIES = 8192;

export interface RecoverOptions {
  volumeId: VolumeId;
  file: DiskFile;
  index: ChunkIndex;
  log: Log;
}

export interface Recovered {
  entries: Entries;
  /** Where the log goes on. */
  end: number;
  generation: number;
  state: ReplicaState;
  /** The file is what an unfinished creation leaves: nothing was ever acknowledged from it. */
  neverUsed: boolean;
}

/** @throws DISK_FAILED. */
export async function recoverVolume(options: RecoverOptions): Promise<Recovered> {
  const { volumeId, file, index, log } = options;
  const fileBytes = await file.size();
  const checkpoint = index.checkpoint(volumeId);
  if (checkpoint?.state === 'failed') return asBefore(options, checkpoint);
  const cutShort = checkpoint !== undefined && checkpoint.offset > fileBytes;
  const usable = cutShort ? undefined : checkpoint;
  if (usable === undefined) await index.clear(volumeId);
  const recovery = new Recovery(options, usable);
  await recovery.read(fileBytes, checkpoint?.offset ?? 0);
  if (cutShort) {
    recovery.lostBytes(checkpoint);
    log.error(
      { volumeId, fileBytes, expectedBytes: checkpoint.offset },
      'a volume lost synced bytes: it takes no more',
    );
  } else if (usable === undefined && !recovery.foundRecords) return unreadable(options, fileBytes);
  return await recovery.finish(fileBytes);
}

/** Not one record verifies: nothing is written to such a file. */
function unreadable({ volumeId, index, log }: RecoverOptions, fileBytes: number): Recovered {
  const entries = new Entries({ volumeId, index });
  const neverUsed = fileBytes <= HEAD_BYTES_MIN;
  if (!neverUsed) {
    entries.contents.addDamaged(1);
    log.error({ volumeId, fileBytes }, 'a volume has no readable record: it is left as it is and takes no chunks');
  }
  return { entries, end: fileBytes, generation: 0, state: 'failed', neverUsed };
}

function asBefore({ volumeId, index }: RecoverOptions, checkpoint: Checkpoint): Recovered {
  const entries = new Entries({ volumeId, index, totals: checkpoint });
  return { entries, end: checkpoint.offset, generation: checkpoint.generation, state: 'failed', neverUsed: false };
}

class Recovery {
  readonly #options: RecoverOptions;
  readonly #entries: Entries;
  readonly #from: number;
  #state: ReplicaState;
  #generation: number;
  #end: number;
  #records = 0;
  #holesFilled = 0;

  constructor(options: RecoverOptions, checkpoint: Checkpoint | undefined) {
    this.#options = options;
    this.#entries = new Entries({ volumeId: options.volumeId, index: options.index, totals: checkpoint });
    this.#from = checkpoint?.offset ?? 0;
    this.#end = this.#from;
    this.#state = checkpoint?.state ?? 'open';
    this.#generation = checkpoint?.generation ?? 0;
  }

  get foundRecords(): boolean {
    return this.#records > 0;
  }

  async read(fileBytes: number, syncedBytes: number): Promise<void> {
    const { file, volumeId } = this.#options;
    let watermark = syncedBytes;
    let unsettled: Span[] = [];
    for await (const span of walk({ file, volumeId, from: this.#from, fileBytes })) {
      unsettled.push(span);
      if (span.kind === 'record') watermark = Math.max(watermark, span.head.durable);
      const settled = unsettled.findIndex((one) => one.end > watermark);
      if (settled === 0) continue;
      const ready = settled < 0 ? unsettled : unsettled.slice(0, settled);
      unsettled = settled < 0 ? [] : unsettled.slice(settled);
      for (const one of ready) await this.#settle(one);
    }
    await this.#readTail(unsettled, watermark);
  }

  /** The file ends before the checkpoint: chunks are gone, and nobody knows from where on the rest is trustworthy. */
  lostBytes(checkpoint: Checkpoint): void {
    const { contents } = this.#entries;
    contents.addDamaged(Math.max(1, checkpoint.liveChunks - contents.totals.liveChunks));
    this.#generation = Math.max(this.#generation, checkpoint.generation);
    this.#state = 'failed';
  }

  async finish(fileBytes: number): Promise<Recovered> {
    const { file, index, volumeId, log } = this.#options;
    const cutBytes = fileBytes - this.#end;
    if (cutBytes > 0) await file.truncate(this.#end);
    // A process may have died between write and sync: what is used from here on must be durable first.
    if (cutBytes > 0 || this.#end > this.#from) await file.sync();
    const state = this.#state;
    const { totals } = this.#entries.contents;
    if (this.#end > this.#from || state === 'failed') {
      const taken = this.#entries.take();
      const checkpoint: Checkpoint = { offset: this.#end, generation: this.#generation, state, ...totals };
      await index.write([{ volumeId, entries: taken, checkpoint }]);
      this.#entries.written(taken);
    }
    if (cutBytes > 0 || this.#holesFilled > 0 || totals.damagedChunks > 0) {
      const { damagedChunks } = totals;
      log.warn({ volumeId, cutBytes, holesFilled: this.#holesFilled, damagedChunks }, 'a volume needed recovery');
    }
    return { entries: this.#entries, end: this.#end, generation: this.#generation, state, neverUsed: false };
  }

  /** Of the span it is known that it was synced. */
  async #settle(span: Span): Promise<void> {
    this.#end = span.end;
    if (span.kind === 'hole') {
      this.#entries.contents.addDamaged(1);
      this.#options.log.error({ volumeId: this.#options.volumeId, start: span.start, end: span.end }, 'damaged bytes');
      return;
    }
    // A rebuild reads every head; reading every payload too would keep the node away for hours. Scrubbing is for that.
    const trusted = this.#from === 0 || (await this.#payloadVerifies(span));
    await this.#apply(span, trusted);
  }

  /** Spans behind the watermark: the last batch, which a power cut may have torn anywhere. */
  async #readTail(tail: readonly Span[], watermark: number): Promise<void> {
    const torn: boolean[] = [];
    for (const span of tail) torn.push(span.kind === 'hole' || !(await this.#payloadVerifies(span)));
    const last = torn.lastIndexOf(false);
    let holeStart: number | undefined;
    for (let place = 0; place <= last; place++) {
      const span = tail[place] as Span;
      if (torn[place]) {
        holeStart ??= span.start;
        continue;
      }
      if (holeStart !== undefined) await this.#fillHole(holeStart, span.start, watermark);
      holeStart = undefined;
      await this.#apply(span as RecordSpan, true);
      this.#end = span.end;
    }
  }

  async #fillHole(start: number, end: number, durable: number): Promise<void> {
    const { file, volumeId } = this.#options;
    const head = Buffer.alloc(HEAD_BYTES_MIN);
    const payloadBytes = end - start - head.length;
    if (payloadBytes < 0) return await this.#settle({ kind: 'hole', start, end });
    encodeHead(head, 0, {
      type: 'gap',
      volumeId,
      chunkId: NO_CHUNK,
      versionId: NO_VERSION,
      chunkIndex: 0,
      payloadBytes,
      generation: 0,
      offset: start,
      durable: Math.min(durable, start),
      blockChecksums: new Uint8Array(0),
    });
    await file.write([head], start);
    this.#holesFilled += 1;
  }

  async #payloadVerifies({ head, payloadStart }: RecordSpan): Promise<boolean> {
    if (head.type !== 'chunk') return true;
    const bytes = Buffer.allocUnsafeSlow(head.payloadBytes);
    const count = await this.#options.file.read(bytes, payloadStart);
    if (count < bytes.length) return false;
    return firstBadBlock({ id: head.chunkId, bytes, checksums: head.blockChecksums }) < 0;
  }

  async #apply({ head, start }: RecordSpan, good: boolean): Promise<void> {
    this.#records += 1;
    this.#generation = Math.max(this.#generation, head.generation);
    if (head.type === 'seal' && this.#state === 'open') this.#state = 'sealed';
    if (head.type === 'chunk') this.#applyChunk(head.chunkId, start, head.payloadBytes, good);
    if (head.type === 'tombstone') {
      const entry = { kind: 'tombstone', offset: start, payloadBytes: 0 } as const;
      this.#entries.becameDurable(this.#entries.add(head.chunkId, entry));
    }
    if (this.#from === 0 && this.#entries.unindexed >= SPILL_ENTRIES) await this.#entries.spill();
  }

  #applyChunk(chunkId: ChunkId, offset: number, payloadBytes: number, good: boolean): void {
    // A tombstone wins over every put, whatever their order.
    if (this.#entries.latest(chunkId)?.kind === 'tombstone') return;
    const entry = { kind: good ? 'chunk' : 'damaged', offset, payloadBytes } as const;
    this.#entries.becameDurable(this.#entries.add(chunkId, entry));
  }
}
