/**
 * Sends a body that comes in pieces, no faster than the client takes it. The declared length is kept or the connection is broken:
 * a body that cannot be completed never ends cleanly.
 */
import { invariant } from '@cairn/core';
import type { Exchange } from './exchange.ts';
import type { Watched } from './stall-watch.ts';

/** What is handed to the socket at once; a client that takes less than this in a window of the stall watch is too slow. */
const WRITE_BYTES_MAX = 256 * 1024;

/** Bodies up to this are copied once more to save a system call's detour. */
const SMALL_BYTES_MAX = 16 * 1024;

export interface SentBody {
  pieces: AsyncIterable<Uint8Array>;
  /** What the head declared. */
  bytes: number;
}

/** To be called after the head was written. @throws when the client goes away or a piece cannot be had. */
export async function sendPieces(exchange: Exchange, { pieces, bytes }: SentBody): Promise<void> {
  const { response } = exchange;
  const sending = new Sending(exchange);
  try {
    for await (const piece of pieces) {
      exchange.sentBytes += piece.length;
      invariant(exchange.sentBytes <= bytes, 'a body is not longer than its head declared');
      if (exchange.sentBytes === bytes && piece.length <= SMALL_BYTES_MAX) {
        // As text of one byte a character it shares a buffer with the head: one plain write is cheaper than a gathered one.
        response.end(Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('latin1'), 'latin1');
        return;
      }
      await sending.write(piece);
    }
    invariant(exchange.sentBytes === bytes, 'a body is not shorter than its head declared');
    response.end();
  } finally {
    sending.end();
  }
}

class Sending implements Watched {
  readonly #exchange: Exchange;
  #unwatch: (() => void) | undefined;
  waiting = false;
  movedBytes = 0;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  stalled(): void {
    this.#exchange.break();
  }

  end(): void {
    this.#unwatch?.();
  }

  async write(piece: Uint8Array): Promise<void> {
    const { response } = this.#exchange;
    for (let at = 0; at < piece.length; at += WRITE_BYTES_MAX) {
      const part = piece.length <= WRITE_BYTES_MAX ? piece : piece.subarray(at, at + WRITE_BYTES_MAX);
      if (response.destroyed) throw gone();
      if (!response.write(part)) await this.#drained();
      this.movedBytes += part.length;
    }
  }

  #drained(): Promise<void> {
    const { response, stalls } = this.#exchange;
    this.#unwatch ??= stalls.watch(this);
    this.waiting = true;
    return new Promise((resolve, reject) => {
      const onDrain = () => {
        response.off('close', onClose);
        this.waiting = false;
        resolve();
      };
      const onClose = () => {
        response.off('drain', onDrain);
        this.waiting = false;
        reject(gone());
      };
      response.once('drain', onDrain);
      response.once('close', onClose);
    });
  }
}

function gone(): Error {
  return new Error('the client has gone away');
}
