/** Where a role's log lines go: all into DIR/log/<role>-<n>.log, and those that a person should see onto the terminal as well. */
import type { Clock } from '@cairn/core';
import { LineSplitter } from './line-splitter.ts';
import { RotatingFile } from './rotating-file.ts';
import type { Terminal } from './terminal.ts';

const REPEAT_AFTER_MS = 30_000;
const LOG_BYTES_MAX = 32 * 1024 * 1024;
/** pino's. */
export const LOG_LEVEL = { warn: 40, error: 50 } as const;

export interface RoleLogOptions {
  name: string;
  file: string;
  terminal: Terminal;
  clock: Clock;
  /** The lowest level that is shown on the terminal now; 0 for everything as it is. */
  show: () => number;
}

export class RoleLog {
  readonly #options: RoleLogOptions;
  readonly #file: RotatingFile;
  #lastShown = '';
  #lastShownAt = 0;

  constructor(options: RoleLogOptions) {
    this.#options = options;
    this.#file = new RotatingFile({ path: options.file, bytesMax: LOG_BYTES_MAX });
  }

  /** For the stderr of one run of the role. */
  splitter(): LineSplitter {
    return new LineSplitter((lines) => {
      this.#file.append(lines);
      for (const line of lines.toString('utf8').split('\n')) {
        const shown = line === '' ? undefined : terminalLine(line, this.#options.show());
        if (shown !== undefined && this.#isNews(shown)) this.#options.terminal.say(`${this.#options.name}: ${shown}`);
      }
    });
  }

  /** A warning that a role repeats while it waits is shown once in a while. */
  #isNews(line: string): boolean {
    const now = this.#options.clock.monotonic();
    if (this.#options.show() > 0 && line === this.#lastShown && now - this.#lastShownAt < REPEAT_AFTER_MS) return false;
    this.#lastShown = line;
    this.#lastShownAt = now;
    return true;
  }

  close(): void {
    this.#file.close();
  }
}

/** What of a log line is shown on the terminal: undefined for nothing. Text that is no JSON comes from Node itself and is shown. */
export function terminalLine(line: string, lowest: number): string | undefined {
  if (lowest === 0) return line;
  if (line.startsWith('{"level":30,') || line.startsWith('{"level":20,')) return undefined;
  try {
    const { level, msg, err, reason } = JSON.parse(line);
    if (typeof level !== 'number' || level < lowest) return undefined;
    const detail = [err?.message, reason].filter((text) => typeof text === 'string' && text !== msg);
    return [msg, ...detail].join(': ');
  } catch {
    return line;
  }
}
