/** An object on its way out: its description, and its bytes in whichever form the caller likes. They can be read once. */
import { ReadableStream } from 'node:stream/web';
import { type ByteBudget, CairnError, type ObjectVersion } from '@cairn/core';
import type { Span } from './byte-range.ts';
import { pieceWindow } from './piece-window.ts';
import type { Piece } from './read-plan.ts';

export interface ObjectDownloadOptions {
  version: ObjectVersion;
  span: Span;
  /** Whether a range was asked for. */
  isPartial: boolean;
  /** The verified bytes of the first piece; undefined when there is none. */
  first: Uint8Array | undefined;
  /** The pieces after it. */
  rest: Iterator<Piece>;
  read: (piece: Piece, signal: AbortSignal) => Promise<Uint8Array>;
  budget: ByteBudget;
  signal: AbortSignal | undefined;
}

export class ObjectDownload {
  readonly version: ObjectVersion;
  /** Bytes of the body. */
  readonly contentLength: number;
  /** As in HTTP, when a range was asked for: `bytes 0-9/100`. */
  readonly contentRange: string | undefined;
  readonly #options: ObjectDownloadOptions;
  readonly #abort = new AbortController();
  #body: ReadableStream<Uint8Array> | undefined;
  #isTaken = false;

  constructor(options: ObjectDownloadOptions) {
    const { version, span, isPartial } = options;
    this.#options = options;
    this.version = version;
    this.contentLength = span.end - span.start;
    this.contentRange = isPartial ? `bytes ${span.start}-${span.end - 1}/${version.bytes}` : undefined;
  }

  /**
   * The body as it was read: verified pieces of up to 1 MiB, in order. Leaving the loop stops the reading. A body of which no good copy
   * exists ends with an error, never early and quietly.
   */
  pieces(): AsyncIterableIterator<Uint8Array> {
    if (this.#isTaken) throw new CairnError('INVALID_ARGUMENT', 'the body was read already');
    this.#isTaken = true;
    const { first, rest, read, budget, signal } = this.#options;
    if (first === undefined || first.length === this.contentLength) return new OnePiece(first);
    if (signal !== undefined) {
      if (signal.aborted) this.#abort.abort(signal.reason);
      else signal.addEventListener('abort', () => this.#abort.abort(signal.reason), { once: true });
    }
    return pieceWindow({ first, rest, read, budget, abort: this.#abort });
  }

  /** The body as a web stream of bytes. */
  get body(): ReadableStream<Uint8Array> {
    this.#body ??= this.#stream();
    return this.#body;
  }

  /** The whole body in memory. */
  async bytes(): Promise<Uint8Array> {
    const { first } = this.#options;
    if (!this.#isTaken && first?.length === this.contentLength) {
      this.#isTaken = true;
      return first;
    }
    const all = Buffer.allocUnsafe(this.contentLength);
    let at = 0;
    for await (const piece of this.pieces()) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }

  /** The whole body as UTF-8 text. */
  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  /** Gives the body up: reads that are under way are cut. Only needed by who took `pieces()` and does not loop to its end. */
  cancel(): void {
    this.#isTaken = true;
    this.#abort.abort();
  }

  #stream(): ReadableStream<Uint8Array> {
    const pieces = this.pieces();
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const next = await pieces.next();
          if (next.done) controller.close();
          else controller.enqueue(next.value);
        },
        cancel: async () => {
          this.#abort.abort();
          await pieces.return?.();
        },
      },
      { highWaterMark: 0 },
    );
  }
}

/** A body of one piece, or of none, needs no window. */
class OnePiece implements AsyncIterableIterator<Uint8Array> {
  #piece: Uint8Array | undefined;

  constructor(piece: Uint8Array | undefined) {
    this.#piece = piece;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const value = this.#piece;
    this.#piece = undefined;
    return value === undefined ? { done: true, value: undefined } : { done: false, value };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#piece = undefined;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
