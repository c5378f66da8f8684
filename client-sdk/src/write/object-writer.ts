/**
 * One object on its way in: its chunks are written a few at a time, and nothing is visible until the commit. Whoever made it calls
 * `commit` or `abandon`.
 */
import {
  CairnError,
  type ChunkReference,
  type CommitResponse,
  failpoint,
  LIMITS,
  type PutObject,
  type VersionId,
} from '@cairn/core';
import type { Commits } from '../commits.ts';
import type { CommitTicket, Session } from '../session.ts';
import type { ChunkSend } from './chunk-send.ts';
import type { ChunkWriter } from './chunk-writer.ts';
import type { ChunkBuffer } from './write-memory.ts';

export interface ObjectWriterOptions {
  session: Session;
  chunks: ChunkWriter;
  commits: Commits;
  signal: AbortSignal | undefined;
  /** Called with the number of bytes that became safe. */
  onSafe: ((bytes: number) => void) | undefined;
}

export class ObjectWriter {
  readonly #options: ObjectWriterOptions;
  #ticket: CommitTicket;
  readonly #references: ChunkReference[] = [];
  #count = 0;
  #inFlight = 0;
  #failure: unknown;
  #hasFailed = false;
  /** Those whose replicas beyond the quorum may still be at it. */
  #resting: ChunkSend[] = [];
  #wake: (() => void) | undefined;

  constructor(options: ObjectWriterOptions) {
    this.#options = options;
    this.#ticket = options.session.reserveCommit();
  }

  /** What chunks are tagged with, and the version's id; after a very long body the commit has a newer one. */
  get versionId(): VersionId {
    return this.#ticket.id;
  }

  /** Takes over the buffer. Resolves when another chunk may be given. @throws What an earlier chunk failed with. */
  async add(buffer: ChunkBuffer): Promise<void> {
    if (this.#hasFailed || this.#count === LIMITS.manifestChunksMax) {
      buffer.release();
      throw this.#hasFailed ? this.#failure : new CairnError('OBJECT_TOO_LARGE', 'the body has too many chunks');
    }
    void this.#write(buffer, this.#count++);
    while (this.#inFlight >= LIMITS.putChunksInFlight && !this.#hasFailed) await this.#change();
  }

  /** Waits until every chunk is safe, and its last replicas have had their extra time. @throws What a chunk failed with. */
  async settle(): Promise<void> {
    while (this.#inFlight > 0 && !this.#hasFailed) await this.#change();
    if (this.#hasFailed) throw this.#failure;
    for (const send of this.#resting) await send.rest();
    this.#resting = [];
  }

  /** Makes the object visible. To be called after `settle`. */
  async commit(object: Omit<PutObject, 'chunks'>): Promise<CommitResponse> {
    failpoint('put.beforeCommit');
    const { commits, session } = this.#options;
    const putObject = { ...object, chunks: this.#references };
    this.#ticket = session.ticketToSend(this.#ticket);
    try {
      return await commits.commit(session, this.#ticket, { putObject });
    } finally {
      session.endCommit(this.#ticket);
    }
  }

  /** Nothing was committed and nothing will be: the chunks become garbage when the session ends. */
  abandon(): void {
    this.#options.session.endCommit(this.#ticket);
  }

  async #write(buffer: ChunkBuffer, chunkIndex: number): Promise<void> {
    const { session, chunks, signal, onSafe } = this.#options;
    this.#inFlight += 1;
    try {
      const written = await chunks.write({ session, versionId: this.versionId, chunkIndex, buffer, signal });
      this.#references[chunkIndex] = written.reference;
      // Only those that still run: each holds the bytes of its chunk.
      this.#resting = this.#resting.filter((send) => send.isRunning);
      if (written.send.isRunning) this.#resting.push(written.send);
      onSafe?.(written.reference.bytes);
    } catch (error) {
      this.#failure ??= error;
      this.#hasFailed = true;
    }
    this.#inFlight -= 1;
    this.#wake?.();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
