/** The headers of the bulk lane and what both sides make of them. */
import { CairnError } from '@cairn/core';

export const DEADLINE_HEADER = 'x-cairn-deadline-ms';
export const ERROR_HEADER = 'x-cairn-error';
export const PATH_PREFIX = '/v1/';
export const CONTENT_TYPE = 'application/vnd.cairn.v1';
/** The JSON body of an error is never longer. */
export const ERROR_BODY_BYTES_MAX = 16 * 1024;

/** A connection is given up by the caller first, so that no call is sent into one that the callee just closed. */
export const CLIENT_IDLE_MS = 30_000;
export const SERVER_IDLE_MS = 120_000;

/** `host:port`, an IPv6 host in brackets. @throws INVALID_ARGUMENT */
export function parseAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) throw new CairnError('INVALID_ARGUMENT', `not a HOST:PORT: ${JSON.stringify(address)}`);
  return { host, port: Number(match?.[3]) };
}

/** The opposite of `parseAddress`. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
