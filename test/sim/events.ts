/** What happened in a run, as lines with the simulated time. The last ones are kept: they are what a failing seed prints. */
import type { Clock, Log } from '@cairn/core';

const LINES_KEPT = 400;

export class Events {
  readonly #clock: Clock;
  readonly #lines: string[] = [];
  #hash = 0;
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(who: string, what: string): void {
    const line = `${(this.#clock.monotonic() / 1000).toFixed(3).padStart(9)} s  ${who.padEnd(9)} ${what}`;
    this.#count += 1;
    for (let at = 0; at < line.length; at++) this.#hash = (Math.imul(this.#hash, 31) + line.charCodeAt(at)) | 0;
    this.#lines.push(line);
    if (this.#lines.length > LINES_KEPT) this.#lines.shift();
  }

  last(count: number): string[] {
    return this.#lines.slice(-count);
  }

  get count(): number {
    return this.#count;
  }

  /** Of all lines so far: two runs with the same fingerprint did the same. */
  get fingerprint(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  /** What a process says of itself. */
  logOf(who: string): Log {
    const add = (level: string) => (fields: object, message: string) =>
      this.add(who, `${level}: ${message}${reasonIn(fields)}`);
    return { info: add('info'), warn: add('warn'), error: add('error') };
  }
}

function reasonIn(fields: object): string {
  const words = Object.entries(fields).flatMap(([name, value]) => {
    if (value instanceof Error) return [`${name}=${value.message}`];
    return ['string', 'number', 'boolean'].includes(typeof value) ? [`${name}=${value}`] : [];
  });
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}
