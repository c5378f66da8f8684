/** The chain of numbered writes: what it keeps, and which gaps it sees. */
import { describe, expect, it } from 'vitest';
import { BatchChain } from './batch-chain.ts';

const MIB = 1024 * 1024;

type Row = [key: Buffer, value: Buffer];
type Change = (rows: Map<string, Row>) => void;

/** Writes as LevelDB logs them: any of them may turn out to be lost. */
class Writes {
  readonly #writes: Change[][] = [];

  extend(chain: BatchChain | undefined, bytes: number): void {
    const changes: Change[] = [];
    const put = (key: Buffer, value: Buffer) => changes.push((rows) => rows.set(key.toString('hex'), [key, value]));
    const del = (key: Buffer) => changes.push((rows) => rows.delete(key.toString('hex')));
    chain?.extend({ put, del }, bytes);
    this.#writes.push(changes);
  }

  /** What is there when the writes from `from` on, before `to`, are lost. */
  rows(from = 0, to = 0): Row[] {
    const rows = new Map<string, Row>();
    for (const [at, changes] of this.#writes.entries()) {
      if (at < from || at >= to) for (const change of changes) change(rows);
    }
    return [...rows.keys()].sort().map((key) => rows.get(key) as Row);
  }
}

function chainOf(count: number, bytes: number): Writes {
  const writes = new Writes();
  const chain = BatchChain.check([]);
  for (let write = 0; write < count; write++) writes.extend(chain, bytes);
  return writes;
}

describe('the chain of writes', () => {
  it('is whole when nothing was written', () => {
    expect(BatchChain.check([])).toBeDefined();
  });

  it('keeps the rows of the last 12 MiB and no more', () => {
    expect(chainOf(100, MIB).rows()).toHaveLength(12);
    expect(chainOf(5, 100 * MIB).rows()).toHaveLength(1);
  });

  it('is whole with any number of its last writes lost, and broken with any that LevelDB could lose from its middle', () => {
    const count = 30;
    const writes = chainOf(count, MIB);
    // What is older than three write buffers lies in synced tables.
    const oldest = count - 12;
    for (let from = oldest; from < count; from++) {
      for (let to = from + 1; to <= count; to++) {
        const whole = BatchChain.check(writes.rows(from, to)) !== undefined;
        expect(whole, `writes ${from} to ${to} of ${count} lost`).toBe(to === count);
      }
    }
  });

  it('goes on where it stopped, with the bytes it kept before', () => {
    const writes = chainOf(12, MIB);
    writes.extend(BatchChain.check(writes.rows()), 6 * MIB);
    expect(writes.rows()).toHaveLength(7);
    expect(BatchChain.check(writes.rows())).toBeDefined();
  });
});
