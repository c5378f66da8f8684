/**
 * Put: a body becomes chunks, the chunks become safe, one commit makes them an object. What goes wrong before the commit leaves the
 * old version as it was.
 */
import { createHash, type Hash, hash } from 'node:crypto';
import { CairnError, hasCode, LIMITS } from '@cairn/core';
import type { Commits } from '../commits.ts';
import { checkKey } from '../object-key.ts';
import { attributesOf, type Body, type PutOptions, type PutResult } from '../options.ts';
import type { Session } from '../session.ts';
import type { SessionKeeper } from '../session-keeper.ts';
import { abortable } from './abortable.ts';
import { BodyCutter } from './body-cutter.ts';
import { type BodySource, bodySource, pieceBytes } from './body-source.ts';
import type { ChunkWriter } from './chunk-writer.ts';
import { ObjectWriter } from './object-writer.ts';
import type { WriteMemory } from './write-memory.ts';

export interface PutContext {
  sessions: SessionKeeper;
  commits: Commits;
  chunks: ChunkWriter;
  memory: WriteMemory;
}

export interface PutTarget {
  bucket: string;
  key: string;
  body: Body;
}

/** Bodies up to this that are in memory already take the short way. */
const AT_ONCE_BYTES_MAX = 256 * 1024;
/** How often a body that can be read again is put: its session may be closed under it. */
const TRIES_MAX = 3;

export async function put(context: PutContext, target: PutTarget, options: PutOptions): Promise<PutResult> {
  checkKey(target.key);
  const source = bodySource(target.body);
  const length = declaredLength(source, options);
  for (let tries = 1; ; tries++) {
    const session = context.sessions.current ?? (await context.sessions.ready());
    try {
      return await new PutTry({ context, target, options, session, length }).run(source);
    } catch (error) {
      const isOver = tries === TRIES_MAX || !source.isReplayable || hasSideEffects(options);
      if (isOver || !hasCode(error, 'SESSION_NOT_FOUND')) throw error;
    }
  }
}

/** Observers and hooks have seen the body once and cannot be rewound. */
function hasSideEffects(options: PutOptions): boolean {
  return options.observers !== undefined || options.beforeCommit !== undefined || typeof options.etag === 'function';
}

function declaredLength(source: BodySource, options: PutOptions): number | undefined {
  const length = options.contentLength ?? source.length;
  if (length === undefined) return undefined;
  if (!Number.isSafeInteger(length) || length < 0) throw new CairnError('INVALID_ARGUMENT', `contentLength: ${length}`);
  if (length > LIMITS.objectPutBytesMax) throw new CairnError('OBJECT_TOO_LARGE');
  return length;
}

interface PutTryOptions {
  context: PutContext;
  target: PutTarget;
  options: PutOptions;
  session: Session;
  length: number | undefined;
}

class PutTry {
  readonly #try: PutTryOptions;
  readonly #writer: ObjectWriter;
  #bytes = 0;
  #safeBytes = 0;

  constructor(attempt: PutTryOptions) {
    this.#try = attempt;
    const { context, options, session, length } = attempt;
    const { chunks, commits } = context;
    const { onProgress, signal } = options;
    const onSafe =
      onProgress &&
      ((bytes: number) => {
        this.#safeBytes += bytes;
        onProgress({ bytes: this.#safeBytes, totalBytes: length });
      });
    this.#writer = new ObjectWriter({ session, chunks, commits, signal, onSafe });
  }

  async run(source: BodySource): Promise<PutResult> {
    try {
      this.#throwIfAborted();
      const isSmall = source.bytes !== undefined && source.bytes.length <= this.#atOnceBytesMax();
      const md5 = isSmall ? await this.#sendAtOnce(source.bytes as Uint8Array) : await this.#sendStream(source);
      if (this.#try.length !== undefined && this.#bytes !== this.#try.length) throw this.#incomplete();
      await this.#writer.settle();
      const etag = await this.#etag(md5);
      await this.#try.options.beforeCommit?.();
      this.#throwIfAborted();
      return await this.#commit(etag);
    } catch (error) {
      this.#writer.abandon();
      throw error;
    }
  }

  /** No stream, no incremental hash: most objects are small. The hash is made while the chunk is on its way. */
  async #sendAtOnce(bytes: Uint8Array): Promise<() => string> {
    this.#count(bytes);
    const { context, options } = this.#try;
    let sent: Promise<void> | undefined;
    if (bytes.length > 0) {
      const { memory } = context;
      const buffer = memory.tryTake(bytes.length) ?? (await memory.take(bytes.length, options.signal));
      buffer.fill(bytes);
      sent = this.#writer.add(buffer);
    }
    const md5 = options.etag === undefined ? hash('md5', bytes, 'hex') : '';
    await sent;
    return () => md5;
  }

  async #sendStream(source: BodySource): Promise<() => string> {
    const { context, options, session, length } = this.#try;
    const { signal } = options;
    const md5 = options.etag === undefined ? createHash('md5') : undefined;
    const cutter = new BodyCutter({
      memory: context.memory,
      chunkBytes: session.chunkBytes,
      length,
      signal,
      onChunk: (buffer) => this.#writer.add(buffer),
    });
    try {
      for await (const piece of abortable(source.open(), signal)) {
        const bytes = pieceBytes(piece);
        this.#count(bytes);
        md5?.update(bytes);
        await cutter.add(bytes);
      }
      await cutter.end();
    } catch (error) {
      cutter.discard();
      throw error;
    }
    return () => (md5 as Hash).digest('hex');
  }

  /** Whatever is sent was seen here before. */
  #count(piece: Uint8Array): void {
    const { length, options } = this.#try;
    this.#bytes += piece.length;
    if (this.#bytes > (length ?? LIMITS.objectPutBytesMax)) {
      throw length === undefined ? new CairnError('OBJECT_TOO_LARGE') : this.#incomplete();
    }
    if (options.observers !== undefined) for (const observe of options.observers) observe(piece);
  }

  async #etag(md5: () => string): Promise<string> {
    const { etag } = this.#try.options;
    if (etag === undefined) return md5();
    return typeof etag === 'string' ? etag : await etag();
  }

  async #commit(etag: string): Promise<PutResult> {
    const { target, options } = this.#try;
    const { lastModifiedMs } = await this.#writer.commit({
      bucket: target.bucket,
      key: target.key,
      bytes: this.#bytes,
      etag,
      headers: attributesOf(options.headers),
      userMetadata: attributesOf(options.userMetadata),
      precondition: { ifMatch: options.ifMatch ?? '', ifNoneMatch: options.ifNoneMatch ?? '' },
    });
    return { versionId: this.#writer.versionId, etag, bytes: this.#bytes, lastModifiedMs };
  }

  #atOnceBytesMax(): number {
    return Math.min(AT_ONCE_BYTES_MAX, this.#try.session.chunkBytes);
  }

  #incomplete(): CairnError {
    const { length } = this.#try;
    return new CairnError('BODY_INCOMPLETE', `${length} bytes were declared, the body has ${this.#bytes} or more`);
  }

  #throwIfAborted(): void {
    const { signal } = this.#try.options;
    if (signal?.aborted) throw new CairnError('CANCELLED', undefined, { cause: signal.reason });
  }
}
