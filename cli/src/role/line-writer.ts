/**
 * Writes log lines to a descriptor without ever holding up the process: one write is under way at a time, what comes meanwhile waits in
 * memory up to a bound, and beyond it lines are dropped and counted. A reader that went away ends the writing, not the process.
 */
import * as fs from 'node:fs';

const WAITING_BYTES_MAX = 1024 * 1024;
const BUSY_PAUSE_MS = 10;
/** Tries of the last, synchronous write while the reader is slow. */
const FLUSH_TRIES_MAX = 3;

export class LineWriter {
  readonly #descriptor: number;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #isWriting = false;
  #isLost = false;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  write(line: string): void {
    if (this.#isLost) return;
    if (this.#waitingBytes + line.length > WAITING_BYTES_MAX) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    if (!this.#isWriting) this.#send(this.#take());
  }

  /** Writes what waits, before the process ends. Gives up soon when nobody reads. */
  flush(): void {
    let bytes = this.#take();
    for (let tries = 0; bytes.length > 0 && tries < FLUSH_TRIES_MAX; ) {
      try {
        bytes = bytes.subarray(fs.writeSync(this.#descriptor, bytes));
      } catch (error) {
        if (!isBusy(error)) return;
        tries += 1;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_PAUSE_MS);
      }
    }
  }

  #take(): Buffer {
    if (this.#dropped > 0)
      this.#waiting.push(`{"level":40,"msg":"${this.#dropped} log lines were dropped: nobody read them"}\n`);
    const bytes = Buffer.from(this.#waiting.join(''));
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#dropped = 0;
    return bytes;
  }

  #send(bytes: Buffer): void {
    if (bytes.length === 0) {
      this.#isWriting = false;
      return;
    }
    this.#isWriting = true;
    fs.write(this.#descriptor, bytes, (error, count) => {
      if (error === null) {
        this.#send(count < bytes.length ? bytes.subarray(count) : this.#take());
      } else if (isBusy(error)) {
        setTimeout(() => this.#send(bytes), BUSY_PAUSE_MS).unref();
      } else {
        this.#isLost = true;
        this.#isWriting = false;
        this.#waiting = [];
      }
    });
  }
}

function isBusy(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EAGAIN';
}
