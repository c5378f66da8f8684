/**
 * A command is one change of the metadata as a pure function: from what a view shows to writes and a result. It has no other
 * input: the time and random ids that it needs were put into it when it was made, and it keeps nothing between runs. That is why
 * the executor may run it again after loading a value that it asked for: the second run sees a superset of what the first saw
 * and nothing of the first run is left.
 *
 * A command that throws a CairnError refuses: nothing of it is written, and its caller gets the error.
 */
import type { CairnError } from '@cairn/core';
import type { StoreEntry, StoreKey, StoreRange, StoreWrite } from './store/metadata-store.ts';

/** The durable state, plus what the commands before this one have decided. */
export interface View {
  get(key: StoreKey): Uint8Array | undefined;
  /** The first entry of a range. */
  first(range: StoreRange): StoreEntry | undefined;
}

/** A refusal may be written down as well, so that the same command is refused again whatever has changed meanwhile. */
export type Decision<Result> = { writes: StoreWrite[]; result: Result } | { writes: StoreWrite[]; refusal: CairnError };

export interface Command<Result> {
  readonly name: string;
  /** Keys that it will most likely read, loaded before its first run. Leaving one out costs a second run and no more. */
  readonly reads?: readonly StoreKey[];
  /** Set on commits of clients: the failpoints of CONTRACT.md are passed by these alone. */
  readonly journey?: 'commit' | 'delete';
  decide(view: View): Decision<Result>;
}
