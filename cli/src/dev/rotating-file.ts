/** A file of lines with a bound: when it is full it becomes `<name>.1` and a fresh one begins, so two bounds are never exceeded. */
import * as fs from 'node:fs';

export interface RotatingFileOptions {
  path: string;
  bytesMax: number;
}

export class RotatingFile {
  readonly #path: string;
  readonly #bytesMax: number;
  #descriptor: number;
  #bytes: number;
  #closed = false;

  constructor(options: RotatingFileOptions) {
    this.#path = options.path;
    this.#bytesMax = options.bytesMax;
    this.#descriptor = fs.openSync(this.#path, 'a', 0o600);
    this.#bytes = fs.fstatSync(this.#descriptor).size;
  }

  /** Appends whole lines. A full disk loses log lines, never the cluster: such errors are swallowed here. */
  append(lines: string | Uint8Array): void {
    if (this.#closed) return;
    const bytes = typeof lines === 'string' ? Buffer.from(lines) : lines;
    try {
      if (this.#bytes > 0 && this.#bytes + bytes.length > this.#bytesMax) this.#rotate();
      fs.writeSync(this.#descriptor, bytes);
      this.#bytes += bytes.length;
    } catch {
      // Nowhere to say it: this is where things are said.
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    fs.closeSync(this.#descriptor);
  }

  #rotate(): void {
    fs.renameSync(this.#path, `${this.#path}.1`);
    fs.closeSync(this.#descriptor);
    this.#descriptor = fs.openSync(this.#path, 'a', 0o600);
    this.#bytes = fs.fstatSync(this.#descriptor).size;
  }
}
