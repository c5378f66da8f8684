/**
 * An ordered map in memory, for the adapters without an engine: deterministic, and no slower than its sorted array of keys.
 * Snapshots share the state until the next change, which then copies it.
 */
import type { StoreEntry, StoreKey, StoreRange, StoreSnapshot } from './metadata-store.ts';

interface State {
  /** Sorted; exactly the keys of `values`. */
  keys: StoreKey[];
  values: Map<StoreKey, Uint8Array>;
}

export class MemoryState {
  #state: State = { keys: [], values: new Map() };
  #shared = false;

  /** All changes or none are seen by a reader. The values are not copied. */
  apply(writes: Iterable<{ key: StoreKey; value: Uint8Array | undefined }>): void {
    if (this.#shared) {
      this.#state = { keys: [...this.#state.keys], values: new Map(this.#state.values) };
      this.#shared = false;
    }
    for (const { key, value } of writes) change(this.#state, key, value);
  }

  getMany(keys: readonly StoreKey[]): (Uint8Array | undefined)[] {
    return getMany(this.#state, keys);
  }

  scan(range: StoreRange, options: { limit: number; reverse?: boolean }): StoreEntry[] {
    return scan(this.#state, range, options);
  }

  snapshot(): StoreSnapshot {
    const state = this.#state;
    this.#shared = true;
    return {
      getMany: async (keys) => getMany(state, keys),
      scan: async (range, options) => scan(state, range, options),
      close: async () => undefined,
    };
  }
}

function change({ keys, values }: State, key: StoreKey, value: Uint8Array | undefined): void {
  const known = values.has(key);
  if (value !== undefined) {
    if (!known) keys.splice(firstAtLeast(keys, key), 0, key);
    values.set(key, value);
  } else if (known) {
    keys.splice(firstAtLeast(keys, key), 1);
    values.delete(key);
  }
}

function getMany(state: State, keys: readonly StoreKey[]): (Uint8Array | undefined)[] {
  return keys.map((key) => state.values.get(key));
}

function scan(state: State, range: StoreRange, options: { limit: number; reverse?: boolean }): StoreEntry[] {
  const from = firstAtLeast(state.keys, range.from);
  const to = Math.max(from, firstAtLeast(state.keys, range.to));
  const count = Math.max(0, Math.min(options.limit, to - from));
  const keys = options.reverse ? state.keys.slice(to - count, to).reverse() : state.keys.slice(from, from + count);
  return keys.map((key) => ({ key, value: state.values.get(key) as Uint8Array }));
}

/** The place of the first key >= `key`. */
function firstAtLeast(keys: readonly StoreKey[], key: StoreKey): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as StoreKey) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
