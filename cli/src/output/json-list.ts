/** A JSON document `{"<name>": [...]}` written entry by entry, so that a long list needs no memory. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';

export class JsonList {
  readonly #stream: Writable;
  readonly #name: string;
  #count = 0;

  constructor(name: string, stream: Writable) {
    this.#name = name;
    this.#stream = stream;
  }

  /** Waits while the reader is slower. Nothing is printed before the first entry, so that a failure prints nothing. */
  async add(entry: unknown): Promise<void> {
    const before = this.#count === 0 ? `{${JSON.stringify(this.#name)}: [` : ',';
    this.#count += 1;
    if (!this.#stream.write(`${before}\n  ${JSON.stringify(entry)}`)) await once(this.#stream, 'drain');
  }

  async end(): Promise<void> {
    this.#stream.write(this.#count === 0 ? `{${JSON.stringify(this.#name)}: []}\n` : '\n]}\n');
  }
}
