/** The Range header (RFC 9110, section 14.2): one range of bytes. What cannot be read as that is ignored, as S3 does: whole object. */
import type { ByteRange } from '@cairn/client-sdk';

export function parseRange(header: string | undefined): ByteRange | undefined {
  const match = header === undefined ? null : /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header);
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '') return last === '' ? undefined : { suffix: bounded(last) };
  if (last === '') return { start: bounded(first) };
  return bounded(first) > bounded(last) ? undefined : { start: bounded(first), end: bounded(last) };
}

/** Beyond what any object has, all numbers mean the same. */
function bounded(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER - 1);
}
