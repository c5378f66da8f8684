/** What callers of the object operations say and get. */
import type { Attribute, ObjectVersion } from '@cairn/core';
import type { ByteRange } from './read/byte-range.ts';

/** Anything that bytes can be read from. Text is stored as UTF-8. The last kind covers Node's and the web's streams. */
export type Body = string | Uint8Array | Blob | AsyncIterable<Uint8Array | string>;

/** Names with values, as a list or as a record. */
export type Attributes = readonly Attribute[] | Readonly<Record<string, string>>;

export interface PutOptions {
  /** S3 system headers, lower case: content-type, cache-control, content-disposition, content-encoding, content-language, expires. */
  headers?: Attributes | undefined;
  /** Names without `x-amz-meta-`. */
  userMetadata?: Attributes | undefined;
  /** `*` or an etag without quotes: only if the object is there and is that one. Else PRECONDITION_FAILED. */
  ifMatch?: string | undefined;
  /** `*` or an etag without quotes: only if there is no such object. Else PRECONDITION_FAILED. */
  ifNoneMatch?: string | undefined;
  /** Bytes of the body. Declared and not met, nothing is stored: BODY_INCOMPLETE. */
  contentLength?: number | undefined;
  /** Called as bytes become safe on storage nodes. */
  onProgress?: ((progress: Progress) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** The etag, or a function that is asked for it when the body has ended; the MD5 of the body in hex when left out. */
  etag?: string | (() => string | Promise<string>) | undefined;
  /** Each sees every piece of the body once, in order, before it is sent: digests are computed here. A piece must not be kept. */
  observers?: readonly ((piece: Uint8Array) => void)[] | undefined;
  /** The last word: called when all bytes are safe. If it throws, nothing becomes visible and the put fails with what it threw. */
  beforeCommit?: (() => void | Promise<void>) | undefined;
}

export interface Progress {
  /** Bytes so far. */
  bytes: number;
  /** Bytes in all, if known. */
  totalBytes: number | undefined;
}

export interface PutResult {
  versionId: ObjectVersion['versionId'];
  /** Without quotes. */
  etag: string;
  bytes: number;
  lastModifiedMs: number;
}

export interface GetOptions {
  range?: ByteRange | undefined;
  signal?: AbortSignal | undefined;
}

export interface DeleteOptions {
  /** `*` or an etag without quotes; else PRECONDITION_FAILED. */
  ifMatch?: string | undefined;
  signal?: AbortSignal | undefined;
}

export interface ListOptions {
  prefix?: string | undefined;
  /** Rolls keys up that have it after the prefix. */
  delimiter?: string | undefined;
  /** Only keys greater than this one, in UTF-8 byte order. */
  startAfter?: string | undefined;
  /** At most this many entries in all. */
  limit?: number | undefined;
  signal?: AbortSignal | undefined;
}

export function attributesOf(attributes: Attributes | undefined): Attribute[] {
  if (attributes === undefined) return [];
  if (Array.isArray(attributes)) return attributes as Attribute[];
  return Object.entries(attributes as Record<string, string>).map(([name, value]) => ({ name, value }));
}
