/**
 * Get: one metadata read says which chunks, then their pieces come from replicas. The first piece is read and verified before the
 * caller hears of success, so an object that cannot be read is refused instead of broken off, and one that was replaced in between
 * is read anew.
 */
import { ByteBudget, hasCode, LIMITS, type ObjectVersion } from '@cairn/core';
import type { MetadataChannel } from '../metadata-channel.ts';
import type { GetOptions } from '../options.ts';
import { resolveRange } from './byte-range.ts';
import type { ChunkReader } from './chunk-reader.ts';
import { ObjectDownload } from './object-download.ts';
import { onlyPieceOf, type Piece, piecesOf } from './read-plan.ts';

/** How often an object may be replaced between the two reads before the caller hears of it. */
const VERSIONS_MAX = 5;

const NOTHING: Iterator<Piece, void> = { next: () => ({ done: true, value: undefined }) };

export interface ObjectName {
  bucket: string;
  key: string;
}

export class ObjectReader {
  readonly #metadata: MetadataChannel;
  readonly #chunks: ChunkReader;
  readonly #budget = new ByteBudget(LIMITS.clientReadBytes);

  constructor(metadata: MetadataChannel, chunks: ChunkReader) {
    this.#metadata = metadata;
    this.#chunks = chunks;
  }

  /** Bytes that were read ahead of their consumers. */
  get aheadBytes(): number {
    return this.#budget.usedBytes;
  }

  /** @throws OBJECT_NOT_FOUND, BUCKET_NOT_FOUND, RANGE_INVALID, OBJECT_DAMAGED, UNAVAILABLE, CANCELLED */
  async get(name: ObjectName, options: GetOptions): Promise<ObjectDownload> {
    let version = await this.version(name, options.signal);
    for (let versions = 1; ; versions++) {
      try {
        return await this.#open(name, version, options);
      } catch (error) {
        if (versions === VERSIONS_MAX || !hasCode(error, 'OBJECT_DAMAGED')) throw error;
        const now = await this.version(name, options.signal);
        if (now.versionId === version.versionId) throw error;
        version = now;
      }
    }
  }

  /** @throws OBJECT_NOT_FOUND, BUCKET_NOT_FOUND */
  async version(name: ObjectName, signal?: AbortSignal): Promise<ObjectVersion> {
    const { bucket, key } = name;
    return (await this.#metadata.call('MetadataServer.GetObject', { bucket, key, headOnly: false }, signal)).version;
  }

  async #open(name: ObjectName, version: ObjectVersion, options: GetOptions): Promise<ObjectDownload> {
    const { range, signal } = options;
    const span = resolveRange(range, version.bytes);
    const only = onlyPieceOf(version.chunks, span);
    const rest = only === undefined ? piecesOf(version.chunks, span) : NOTHING;
    const firstPiece = only ?? (rest.next().value as Piece | undefined);
    const read = (piece: Piece, cut?: AbortSignal) => this.#read(name, version, piece, cut);
    const first = firstPiece && (await read(firstPiece, signal));
    const isPartial = range !== undefined;
    return new ObjectDownload({ version, span, isPartial, first, rest, read, budget: this.#budget, signal });
  }

  #read(name: ObjectName, version: ObjectVersion, piece: Piece, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#chunks.read(piece, signal).catch((error: unknown) => {
      if (hasCode(error, 'OBJECT_DAMAGED')) void this.#reportIfCurrent(name, version, piece);
      throw error;
    });
  }

  /** Chunks of a version that was replaced or deleted are gone for a good reason. */
  async #reportIfCurrent(name: ObjectName, version: ObjectVersion, piece: Piece): Promise<void> {
    const now = await this.version(name).catch(() => undefined);
    if (now?.versionId === version.versionId) this.#chunks.reportMissing(piece);
  }
}
