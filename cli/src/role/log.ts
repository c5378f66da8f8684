/** Logs of a role: JSON lines on stderr. */
import type { Log } from '@cairn/core';
import { pino } from 'pino';
import { LineWriter } from './line-writer.ts';

const STDERR = 2;

export interface RoleLog extends Log {
  /** Writes what waits, before the process ends. */
  flush(): void;
}

export function createLog(role: string): RoleLog {
  // Not pino's own destination: its flush never returns once the reader is gone.
  const writer = new LineWriter(STDERR);
  const logger = pino({ base: { role, pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, writer);
  return {
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    flush: () => writer.flush(),
  };
}
