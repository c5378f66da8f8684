/** What LevelDB's errors mean here. It has few codes, so a full disk can only be told by the system's text. */
import { CairnError } from '@cairn/core';

export function levelError(thrown: unknown, folder: string): CairnError {
  if (thrown instanceof CairnError) return thrown;
  const { code, text } = innermost(thrown);
  const because = { cause: thrown };
  if (code === 'LEVEL_LOCKED') {
    return new CairnError('DATA_DIR_LOCKED', `another process uses the metadata folder ${folder}`, because);
  }
  if (/No space left|Disk quota exceeded/.test(text)) return new CairnError('DISK_FULL', text, because);
  if (code === 'LEVEL_CORRUPTION') return new CairnError('METADATA_DAMAGED', `LevelDB in ${folder}: ${text}`, because);
  if (code === 'LEVEL_DATABASE_NOT_OPEN') return new CairnError('UNAVAILABLE', 'the metadata store is closed', because);
  return new CairnError('DISK_FAILED', `LevelDB in ${folder}: ${text}`, because);
}

/** A failed opening hides its reason in `cause`. */
function innermost(thrown: unknown): { code: string | undefined; text: string } {
  const error = thrown as { code?: string; message?: string; cause?: unknown } | undefined;
  if (error?.code === 'LEVEL_DATABASE_NOT_OPEN' && error.cause instanceof Error) return innermost(error.cause);
  return { code: error?.code, text: error?.message ?? String(thrown) };
}
