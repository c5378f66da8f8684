/**
 * The sending side of an Exchange stream. What one turn of the event loop produces goes out as few messages; when the stream is full
 * the rest waits, unencoded, until it drains.
 */
import { LIMITS } from '@cairn/core';
import { PacketWriter } from './packet.ts';

/** Something that writes itself as one frame, or nothing when it has become pointless. It never throws. */
export interface Outgoing {
  writeTo(packet: PacketWriter): void;
}

interface Sink {
  write(message: Buffer): boolean;
  once(event: 'drain', listener: () => void): unknown;
}

export class Outbox {
  readonly #sink: Sink;
  readonly #onRoom: () => void;
  #waiting: (Outgoing | undefined)[] = [];
  #sentTo = 0;
  #scheduled = false;
  #full = false;
  #closed = false;
  readonly #flush = () => {
    this.#scheduled = false;
    this.#send();
  };

  /** @param onRoom Called whenever the stream was full and is no longer. */
  constructor(sink: Sink, onRoom: () => void = () => undefined) {
    this.#sink = sink;
    this.#onRoom = onRoom;
  }

  /** The peer does not take what it is sent. */
  get full(): boolean {
    return this.#full;
  }

  push(outgoing: Outgoing): void {
    if (this.#closed) return;
    this.#waiting.push(outgoing);
    if (this.#scheduled || this.#full) return;
    this.#scheduled = true;
    setImmediate(this.#flush);
  }

  /** Sends at once what waits, as far as the stream takes it. */
  flush(): void {
    this.#send();
  }

  /** Drops what waits and takes no more. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#sentTo = 0;
  }

  #send(): void {
    while (!this.#full && !this.#closed && this.#sentTo < this.#waiting.length) {
      const packet = new PacketWriter();
      while (this.#sentTo < this.#waiting.length && packet.bytes < LIMITS.packetBytesTarget) {
        const next = this.#waiting[this.#sentTo];
        this.#waiting[this.#sentTo++] = undefined;
        next?.writeTo(packet);
      }
      if (packet.bytes > 0 && !this.#sink.write(packet.finish())) this.#waitForRoom();
    }
    if (this.#sentTo === this.#waiting.length) {
      this.#waiting = [];
      this.#sentTo = 0;
    }
  }

  #waitForRoom(): void {
    this.#full = true;
    this.#sink.once('drain', () => {
      this.#full = false;
      this.#send();
      if (!this.#full && !this.#closed) this.#onRoom();
    });
  }
}
