/** Durable counters: an id that was taken from one is never given again, not even after a restart. */
import type { View } from '../command.ts';
import { type SystemRowName, systemKey } from '../keys.ts';
import { rows } from '../rows.ts';
import type { StoreWrite } from '../store/metadata-store.ts';

/** @returns The first of `count` fresh ids, and the write that takes them. */
export function takeIds(view: View, name: SystemRowName, count = 1): { first: number; write: StoreWrite } {
  const key = systemKey(name);
  const row = view.get(key);
  const last = row === undefined ? 0 : rows.counter.decode(row).last;
  return { first: last + 1, write: { key, value: rows.counter.encode({ last: last + count }) } };
}
