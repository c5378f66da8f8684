/** The buckets in leader memory: an exact mirror of the bucket rows, so that a read needs no lookup to find its rows. */
import { type BucketInfo, CairnError } from '@cairn/core';
import { bucketOfKey } from '../keys.ts';
import { type BucketRow, rows } from '../rows.ts';
import type { StoreKey } from '../store/metadata-store.ts';

export class BucketTable {
  readonly #buckets = new Map<string, BucketRow>();

  get size(): number {
    return this.#buckets.size;
  }

  find(name: string): BucketRow | undefined {
    return this.#buckets.get(name);
  }

  /** @throws BUCKET_NOT_FOUND */
  get(name: string): BucketRow {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) throw new CairnError('BUCKET_NOT_FOUND', `there is no bucket ${JSON.stringify(name)}`);
    return bucket;
  }

  /** In order of their names, which are ASCII. */
  list(): BucketInfo[] {
    const names = [...this.#buckets.keys()].sort();
    return names.map((name) => ({ name, createdMs: this.#buckets.get(name)?.createdMs ?? 0 }));
  }

  apply(key: StoreKey, value: Uint8Array | undefined): void {
    const name = bucketOfKey(key);
    if (value === undefined) this.#buckets.delete(name);
    else this.#buckets.set(name, rows.bucket.decode(value));
  }
}
