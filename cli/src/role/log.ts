/** Logs of a role: JSON lines on stderr. Buffered, so that a slow reader of stderr never holds up the role. */
import type { Log } from '@cairn/core';
import { destination, pino } from 'pino';

const BUFFER_BYTES_MAX = 1024 * 1024;

export interface RoleLog extends Log {
  /** Writes what is buffered, before the process ends. */
  flush(): void;
}

export function createLog(role: string): RoleLog {
  const stream = destination({ fd: 2, sync: false, maxLength: BUFFER_BYTES_MAX });
  // A reader that went away is no reason to stop serving.
  stream.on('error', () => undefined);
  const logger = pino({ base: { role, pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  return {
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    flush: () => {
      try {
        stream.flushSync();
      } catch {
        // Not open yet, or the reader went away.
      }
    },
  };
}
