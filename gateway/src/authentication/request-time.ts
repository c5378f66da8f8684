/** When a request says it was signed. A window against replays, not a safety argument: clocks are never trusted for more. */
import { S3Error } from '../errors/s3-error.ts';
import type { RequestHeaders } from '../http/request.ts';

const SKEW_MAX_MS = 15 * 60 * 1000;
const BASIC = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/**
 * @returns The time as it is signed: YYYYMMDDTHHMMSSZ.
 * @throws AccessDenied (no readable date), RequestTimeTooSkewed.
 */
export function requestTime(headers: RequestHeaders, nowMs: number): string {
  const sent = headers['x-amz-date'] ?? headers['date'] ?? '';
  const basic = BASIC.test(sent) || headers['x-amz-date'] !== undefined ? sent : toBasic(Date.parse(sent));
  const timeMs = parseBasic(basic);
  if (Number.isNaN(timeMs)) {
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header');
  }
  if (Math.abs(nowMs - timeMs) > SKEW_MAX_MS) {
    const elements = {
      RequestTime: basic,
      ServerTime: new Date(nowMs).toISOString(),
      MaxAllowedSkewMilliseconds: String(SKEW_MAX_MS),
    };
    throw new S3Error('RequestTimeTooSkewed', undefined, { elements });
  }
  return basic;
}

function toBasic(timeMs: number): string {
  return Number.isNaN(timeMs) ? '' : new Date(timeMs).toISOString().replace(/[-:]|\.\d+/g, '');
}

function parseBasic(text: string): number {
  const match = BASIC.exec(text);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second] = match.map(Number) as [number, ...number[]];
  return Date.UTC(year as number, (month as number) - 1, day, hour, minute, second);
}
