/**
 * One append-only log file with group commit: records gather while the batch before them is written and synced, then go out with one
 * write and one sync of their own. Hence at most one batch is in flight, and everything before it is durable.
 *
 * A failed write or sync is never retried, because the kernel may have dropped the dirty pages and report success the next time:
 * the log fails and takes no more. The one exception is a write that found the disk full: its bytes are cut off again, and the
 * log goes on when there is room.
 */
import { CairnError, type Clock, type DiskFile, failpoint, failpointArmed, toCairnError } from '@cairn/core';
import { Batch, type Committed, type NewRecord } from './batch.ts';
import type { Segments } from './segments.ts';

export interface VolumeLogOptions {
  file: DiskFile;
  /** Where the next record goes; everything before it is durable. */
  end: number;
  clock: Clock;
  segments: Segments;
  /** Told about every sync. */
  onSync: (durationMs: number, records: number) => void;
  /** Told, at most once, when the log takes no more. */
  onFailure: (error: CairnError) => void;
}

export class VolumeLog {
  readonly #options: VolumeLogOptions;
  #gathering: Batch;
  #committing: Promise<void> | undefined;
  #failure: CairnError | undefined;
  #durableEnd: number;
  #closing = false;

  constructor(options: VolumeLogOptions) {
    this.#options = options;
    this.#durableEnd = options.end;
    this.#gathering = new Batch(options.end, options.segments);
  }

  /** Where the next record goes, if nothing that is in flight fails. */
  get end(): number {
    return this.#gathering.end;
  }

  /** Everything before it is synced, and its `committed` has been called. */
  get durableEnd(): number {
    return this.#durableEnd;
  }

  get failure(): CairnError | undefined {
    return this.#failure;
  }

  /**
   * Queues a record. `payload` must stay as it is until `committed` is called, which is never during this call.
   * @returns The record's offset.
   * @throws VOLUME_FAILED, UNAVAILABLE after `close`.
   */
  append(record: NewRecord, payload: Uint8Array, committed: Committed): number {
    if (this.#failure !== undefined) throw this.#failure;
    // A write to the closed file would look like a failed disk, and the replica would be given up for good.
    if (this.#closing) throw new CairnError('UNAVAILABLE', 'the storage node is stopping');
    const offset = this.#gathering.add(record, payload, committed);
    this.#committing ??= this.#commit();
    return offset;
  }

  /** Waits for what is queued, then closes the file. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#committing;
    await this.#options.file.close();
  }

  async #commit(): Promise<void> {
    // The appends of one tick come from one message: let all of them into the first batch.
    await undefined;
    while (this.#gathering.records > 0) {
      const batch = this.#gathering;
      this.#gathering = new Batch(batch.end, this.#options.segments);
      const error = this.#failure ?? (await this.#attempt(batch));
      if (error === undefined) {
        batch.settle();
        this.#durableEnd = batch.end;
      } else {
        // What gathered meanwhile was encoded for a place behind the failed batch: it fails with it.
        const behind = this.#gathering;
        this.#gathering = new Batch(batch.start, this.#options.segments);
        batch.settle(error);
        behind.settle(error);
      }
    }
    this.#committing = undefined;
  }

  async #attempt(batch: Batch): Promise<CairnError | undefined> {
    const { file, clock, onSync } = this.#options;
    try {
      await this.#write(batch);
    } catch (thrown) {
      return await this.#afterFailedWrite(toCairnError(thrown), batch.start);
    }
    try {
      failpoint('append.beforeSync');
      const startedMs = clock.monotonic();
      await file.sync();
      onSync(clock.monotonic() - startedMs, batch.records);
      failpoint('append.afterSync');
      return undefined;
    } catch (thrown) {
      return await this.#fail(volumeFailed('sync', toCairnError(thrown)), batch.start);
    }
  }

  async #write(batch: Batch): Promise<void> {
    const { file } = this.#options;
    const pieces = batch.pieces();
    if (!failpointArmed('append.mid')) return await file.write(pieces, batch.start);
    const whole = Buffer.concat(pieces);
    const half = whole.length >> 1;
    await file.write([whole.subarray(0, half)], batch.start);
    failpoint('append.mid');
    await file.write([whole.subarray(half)], batch.start + half);
  }

  async #fail(error: CairnError, goodEnd: number): Promise<CairnError> {
    this.#failure = error;
    this.#options.onFailure(error);
    // These bytes can still be read and may never reach the disk: a later process must not take them for durable.
    await this.#options.file.truncate(goodEnd).catch(() => undefined);
    return error;
  }

  async #afterFailedWrite(error: CairnError, goodEnd: number): Promise<CairnError> {
    if (error.code === 'DISK_FULL') {
      try {
        await this.#options.file.truncate(goodEnd);
        return error;
      } catch (thrown) {
        error = toCairnError(thrown);
      }
    }
    return await this.#fail(volumeFailed('write', error), goodEnd);
  }
}

function volumeFailed(what: 'write' | 'sync', cause: CairnError): CairnError {
  return new CairnError('VOLUME_FAILED', `a ${what} of the volume failed: ${cause.message}`, { cause });
}
