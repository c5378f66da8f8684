/** What both halves of the conformance suite need: the store under test, and keys and values. */
import type { MetadataStore, StoreKey, StoreRange } from './metadata-store.ts';

export interface StoreUnderTest {
  store: MetadataStore;
  /** Closes the store and opens it again on the same data; absent where nothing is kept. */
  reopen?: () => Promise<MetadataStore>;
  /** Closes what is open and removes the data. */
  dispose: () => Promise<void>;
}

export type StartStore = () => Promise<StoreUnderTest>;

/** A key of these characters, U+0000 to U+00FF, one a byte. */
export function key(characters: string): StoreKey {
  return characters as StoreKey;
}

export function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

/** Behind every key of these tests. */
export const END = key('\xff\xff\xff\xff');
export const ALL: StoreRange = { from: key(''), to: END };
