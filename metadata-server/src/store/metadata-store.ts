/**
 * MetadataStore: an ordered key-value store with one fenced writer. Adapters: `level` (embedded), `memory` (tests and simulation);
 * etcd and PostgreSQL follow. All pass `metadata-store.conformance.ts`.
 */

declare const brand: unique symbol;

/**
 * Key bytes as a string with one character (U+0000 to U+00FF) per byte: JavaScript's order of such strings is the order of
 * the bytes, and they work as Map keys. Made by `keys.ts` only.
 */
export type StoreKey = string & { readonly [brand]: 'StoreKey' };

/** `value` undefined removes the key. */
export interface StoreWrite {
  key: StoreKey;
  value: Uint8Array | undefined;
}

export interface StoreEntry {
  key: StoreKey;
  value: Uint8Array;
}

/** from <= key < to */
export interface StoreRange {
  from: StoreKey;
  to: StoreKey;
}

export interface StoreReader {
  /** The values, in the order of the keys; undefined where there is none. */
  getMany(keys: readonly StoreKey[]): Promise<(Uint8Array | undefined)[]>;
  /** Up to `limit` entries in key order (or against it); one call sees one state. */
  scan(range: StoreRange, options: { limit: number; reverse?: boolean }): Promise<StoreEntry[]>;
}

export interface MetadataStore extends StoreReader {
  /** A fixed state to read from several times; to be closed soon. */
  snapshot(): Promise<StoreSnapshot>;
  /**
   * Applies all writes or none; resolves when they are durable. Commits are applied in the order of the calls.
   * Errors: EPOCH_STALE when the epoch is not that of the current lease: nothing was written. Any other error leaves the
   * outcome unknown: the caller must end the process and let the next leader read what is durable.
   */
  commit(writes: readonly StoreWrite[], epoch: number): Promise<void>;
  /** Waits until this holder leads. Each lease has a higher epoch than any before, also over restarts. */
  acquireLease(holder: string): Promise<Lease>;
  close(): Promise<void>;
}

export interface StoreSnapshot extends StoreReader {
  close(): Promise<void>;
}

export interface Lease {
  readonly epoch: number;
  /** Resolves when the lease is lost; on one machine never. */
  readonly lost: Promise<void>;
  release(): Promise<void>;
}
