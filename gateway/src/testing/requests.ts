/** Requests for unit tests, without a socket behind them. */
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Clock } from '@cairn/core';
import type { S3Request } from '../http/request.ts';

export interface RequestParts {
  method?: string;
  /** Path and query as they would be sent. */
  target?: string;
  headers?: Record<string, string>;
}

export function requestOf({ method = 'GET', target = '/', headers = {} }: RequestParts): S3Request {
  const [rawPath = '', rawQuery = ''] = target.split('?', 2);
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const hasBody = lower['content-length'] !== undefined && lower['content-length'] !== '0';
  return { raw: new IncomingMessage(new Socket()), id: 'TEST', method, rawPath, rawQuery, headers: lower, hasBody };
}

/** A clock that stands at a moment. */
export function clockAt(iso: string): Clock {
  return { now: () => Date.parse(iso), monotonic: () => 0, schedule: () => ({ cancel: () => undefined }) };
}

/** The code that an action is refused with; '' when it is not refused. */
export function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return '';
}
