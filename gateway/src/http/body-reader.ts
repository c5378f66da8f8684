/**
 * Reads a request's body piece by piece, as the socket gave the pieces: nothing is joined or copied. The socket is paused while
 * more than a little waits to be read, which is how backpressure reaches the client.
 */
import type { IncomingMessage } from 'node:http';
import { S3Error } from '../errors/s3-error.ts';
import type { Watched } from './stall-watch.ts';

const QUEUED_BYTES_MAX = 256 * 1024;

export class BodyReader implements Watched {
  readonly #raw: IncomingMessage;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #movedBytes = 0;
  #ended = false;
  #failure: S3Error | undefined;
  #wake: (() => void) | undefined;

  constructor(raw: IncomingMessage) {
    this.#raw = raw;
    raw.on('data', (piece: Uint8Array) => {
      this.#movedBytes += piece.length;
      this.#queuedBytes += piece.length;
      this.#queue.push(piece);
      if (this.#queuedBytes >= QUEUED_BYTES_MAX) raw.pause();
      this.#wake?.();
    });
    raw.on('end', () => {
      this.#ended = true;
      this.#wake?.();
    });
    const onBroken = () => {
      if (!this.#ended) this.fail(new S3Error('IncompleteBody'));
    };
    raw.on('error', onBroken);
    raw.on('close', onBroken);
  }

  get waiting(): boolean {
    return this.#wake !== undefined;
  }

  get movedBytes(): number {
    return this.#movedBytes;
  }

  /** Whether the whole body has arrived, so that the connection can go on with the next request. */
  get ended(): boolean {
    return this.#ended;
  }

  stalled(): void {
    this.fail(new S3Error('RequestTimeout'));
  }

  /** Makes the next read throw. What arrived before a failure is worthless, so it is not read either. */
  fail(error: S3Error): void {
    if (this.#ended || this.#failure !== undefined) return;
    this.#failure = error;
    this.#wake?.();
  }

  /** @returns undefined at the end. @throws IncompleteBody, RequestTimeout */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const piece = this.#queue.shift();
      if (piece !== undefined) {
        this.#queuedBytes -= piece.length;
        if (this.#raw.isPaused() && this.#queuedBytes < QUEUED_BYTES_MAX / 2) this.#raw.resume();
        return piece;
      }
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  /** Lets go of what was read and throws away what still comes. */
  discard(): void {
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#raw.removeAllListeners('data');
    this.#raw.resume();
  }
}
