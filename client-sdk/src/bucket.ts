/** A bucket's objects. A handle: making one asks nobody whether the bucket exists. */
import type { CommitResponse, ListObjectsResponse, ObjectVersion } from '@cairn/core';
import type { Commits } from './commits.ts';
import { type ListEntry, type ListPageOptions, listAll, listPage } from './list.ts';
import type { MetadataChannel } from './metadata-channel.ts';
import { checkKey } from './object-key.ts';
import type { Body, DeleteOptions, GetOptions, ListOptions, PutOptions, PutResult } from './options.ts';
import type { ObjectReader } from './read/get.ts';
import type { ObjectDownload } from './read/object-download.ts';
import { type PutContext, put } from './write/put.ts';

export interface BucketContext {
  metadata: MetadataChannel;
  commits: Commits;
  writing: PutContext;
  reader: ObjectReader;
}

export class Bucket {
  readonly name: string;
  readonly #context: BucketContext;

  constructor(name: string, context: BucketContext) {
    this.name = name;
    this.#context = context;
  }

  /**
   * Stores an object. When it resolves, the bytes are durable on the write quorum's failure domains and the object is visible; when it
   * rejects, the old version is as it was, except that after UNAVAILABLE and DEADLINE_EXCEEDED the new one may be there, whole.
   * @throws BUCKET_NOT_FOUND, OBJECT_KEY_INVALID, OBJECT_TOO_LARGE, PRECONDITION_FAILED, BODY_INCOMPLETE, WRITE_QUORUM_UNAVAILABLE,
   * STORAGE_FULL, CANCELLED, UNAVAILABLE, DEADLINE_EXCEEDED, SESSION_NOT_FOUND (a body that cannot be read again has to be put again)
   */
  put(key: string, body: Body, options: PutOptions = {}): Promise<PutResult> {
    return put(this.#context.writing, { bucket: this.name, key, body }, options);
  }

  /**
   * Opens an object for reading. Each block is verified before it is passed on; a bad, slow or dead replica is replaced on the way.
   * @throws BUCKET_NOT_FOUND, OBJECT_NOT_FOUND, RANGE_INVALID, OBJECT_DAMAGED, UNAVAILABLE, CANCELLED
   */
  async get(key: string, options: GetOptions = {}): Promise<ObjectDownload> {
    checkKey(key);
    return await this.#context.reader.get({ bucket: this.name, key }, options);
  }

  /** Describes an object; its `chunks` are left out. @throws BUCKET_NOT_FOUND, OBJECT_NOT_FOUND */
  async head(key: string, options: { signal?: AbortSignal | undefined } = {}): Promise<ObjectVersion> {
    checkKey(key);
    const request = { bucket: this.name, key, headOnly: true };
    return (await this.#context.metadata.call('MetadataServer.GetObject', request, options.signal)).version;
  }

  /** Removes an object. One that is not there is no error: `existed` tells. @throws BUCKET_NOT_FOUND, PRECONDITION_FAILED */
  async delete(key: string, options: DeleteOptions = {}): Promise<CommitResponse> {
    checkKey(key);
    const precondition = { ifMatch: options.ifMatch ?? '', ifNoneMatch: '' };
    return await this.#context.commits.commitAnywhere({ deleteObject: { bucket: this.name, key, precondition } });
  }

  /** Every entry in UTF-8 byte order, page after page. @throws BUCKET_NOT_FOUND */
  list(options: ListOptions = {}): AsyncGenerator<ListEntry, void> {
    return listAll(this.#context.metadata, this.name, options);
  }

  /** One page, one snapshot. @throws BUCKET_NOT_FOUND */
  listPage(options: ListPageOptions = {}): Promise<ListObjectsResponse> {
    return listPage(this.#context.metadata, this.name, options);
  }
}
