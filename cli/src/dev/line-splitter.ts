/** Cuts a stream of bytes into whole lines. A line without an end is passed on when it exceeds the bound. */

const LINE_BYTES_MAX = 256 * 1024;
const NEWLINE = 0x0a;

export class LineSplitter {
  #rest: Buffer = Buffer.alloc(0);
  readonly #onLines: (lines: Buffer) => void;

  /** @param onLines Gets one or more whole lines, with their newlines. */
  constructor(onLines: (lines: Buffer) => void) {
    this.#onLines = onLines;
  }

  push(bytes: Buffer): void {
    const whole = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const end = whole.lastIndexOf(NEWLINE) + 1;
    if (end > 0) this.#onLines(whole.subarray(0, end));
    this.#rest = whole.subarray(end);
    if (this.#rest.length > LINE_BYTES_MAX) this.end();
  }

  /** Passes on what is left, with a newline. */
  end(): void {
    if (this.#rest.length > 0) this.#onLines(Buffer.concat([this.#rest, Buffer.from('\n')]));
    this.#rest = Buffer.alloc(0);
  }
}
