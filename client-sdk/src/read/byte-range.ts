/** Which bytes of an object are asked for. Pure. */
import { CairnError } from '@cairn/core';

/** As HTTP counts (RFC 9110, section 14.1.2): `end` is the last byte itself and may lie past the object; a suffix is its last bytes. */
export type ByteRange = { start: number; end?: number | undefined } | { suffix: number };

/** Half open: `end` is the first byte that is not asked for. */
export interface Span {
  start: number;
  end: number;
}

/** @throws RANGE_INVALID when no byte of the object lies in the range. */
export function resolveRange(range: ByteRange | undefined, totalBytes: number): Span {
  if (range === undefined) return { start: 0, end: totalBytes };
  const span =
    'suffix' in range
      ? { start: Math.max(0, totalBytes - range.suffix), end: totalBytes }
      : { start: range.start, end: Math.min(totalBytes, (range.end ?? totalBytes - 1) + 1) };
  const isWhole = Number.isSafeInteger(span.start) && Number.isSafeInteger(span.end);
  if (!isWhole || span.start < 0 || span.start >= span.end) {
    throw new CairnError('RANGE_INVALID', `${JSON.stringify(range)} does not lie in an object of ${totalBytes} bytes`);
  }
  return span;
}
