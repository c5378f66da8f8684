import { CairnError, LIMITS, realClock, silentLog, TIMER_PROFILES } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { createClusterState } from './cluster/cluster-state.ts';
import type { Command } from './command.ts';
import { Executor } from './executor.ts';
import { objectKey, objectsRange } from './keys.ts';
import { MemoryStore } from './store/memory-store.ts';
import type { MetadataStore, StoreWrite } from './store/metadata-store.ts';

/** A memory store that counts, and that can be told to hold its commits back or to fail them. */
class WatchedStore extends MemoryStore {
  readonly commits: number[] = [];
  reads = 0;
  gate: Promise<void> = Promise.resolve();
  failure: Error | undefined;

  override async getMany(keys: Parameters<MetadataStore['getMany']>[0]) {
    this.reads += 1;
    return super.getMany(keys);
  }

  override async commit(writes: readonly StoreWrite[], epoch: number) {
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
    this.commits.push(writes.length);
    await super.commit(writes, epoch);
  }
}

async function setUp() {
  const store = new WatchedStore();
  const state = createClusterState({ clock: realClock, timers: TIMER_PROFILES.test });
  const { epoch } = await store.acquireLease('test');
  const executor = new Executor({ store, epoch, resident: state.resident, log: silentLog });
  return { store, executor };
}

const key = (name: string) => objectKey(1, name);
const text = (value: Uint8Array | undefined) => (value === undefined ? '' : Buffer.from(value).toString());

/** Appends a letter to a value and returns the result. */
function append(name: string, letter: string, reads = [key(name)]): Command<string> {
  return {
    name: 'append',
    reads,
    decide(view) {
      const result = text(view.get(key(name))) + letter;
      return { writes: [{ key: key(name), value: Buffer.from(result) }], result };
    },
  };
}

/** Follows a chain of names: each value says which one to read next. */
function follow(name: string): Command<string> {
  return {
    name: 'follow',
    decide(view) {
      let at = name;
      for (let next = text(view.get(key(at))); next !== ''; next = text(view.get(key(at)))) at = next;
      return { writes: [], result: at };
    },
  };
}

function put(name: string, value: string): Command<void> {
  return {
    name: 'put',
    decide: () => ({ writes: [{ key: key(name), value: Buffer.from(value) }], result: undefined }),
  };
}

describe('the executor', () => {
  it('decides commands in the order of their submission, each over the writes of those before it', async () => {
    const { executor } = await setUp();
    const letters = [...'abcdefgh'];
    const results = await Promise.all(letters.map((letter) => executor.submit(append('k', letter))));
    expect(results).toEqual(letters.map((_, at) => letters.slice(0, at + 1).join('')));
    expect(await executor.submit(append('k', 'i'))).toBe('abcdefghi');
  });

  it('makes one commit of what waits, with the last write of each key', async () => {
    const { executor, store } = await setUp();
    await Promise.all(Array.from({ length: 100 }, (_, at) => executor.submit(append(`k${at % 10}`, 'x'))));
    expect(store.commits).toEqual([10]);
    expect(store.reads).toBe(1);
    expect(executor.counts).toMatchObject({ commits: 1, commands: 100, reruns: 0 });
  });

  it('gathers the next batch while a commit is under way, and bounds a batch', async () => {
    const { executor, store } = await setUp();
    let open: () => void = () => undefined;
    store.gate = new Promise((resolve) => {
      open = resolve;
    });
    const first = executor.submit(put('first', 'x'));
    await new Promise((resolve) => setImmediate(resolve));
    const count = LIMITS.commandsPerCommitMax + 10;
    const rest = Array.from({ length: count }, (_, at) => executor.submit(put(`k${at}`, 'x')));
    expect(executor.queued).toBe(count);
    open();
    await Promise.all([first, ...rest]);
    expect(store.commits).toEqual([1, LIMITS.commandsPerCommitMax, 10]);
  });

  it('ends a batch early when its writes fill a commit', async () => {
    const { executor, store } = await setUp();
    const big = 'x'.repeat(1024 * 1024);
    await Promise.all(Array.from({ length: 10 }, (_, at) => executor.submit(put(`k${at}`, big))));
    expect(store.commits).toEqual([4, 4, 2]);
  });

  it('runs a command again when it asks for values that are not loaded, and loads for all in one read', async () => {
    const { executor, store } = await setUp();
    await Promise.all(['a', 'b', 'c'].map((name, at, all) => executor.submit(put(name, all[at + 1] ?? 'end'))));
    await Promise.all(['x', 'y'].map((name) => executor.submit(put(name, 'a'))));
    store.reads = 0;
    const results = await Promise.all(['x', 'y', 'a'].map((name) => executor.submit(follow(name))));
    expect(results).toEqual(['end', 'end', 'end']);
    expect(store.reads).toBeLessThanOrEqual(6);
    expect(executor.counts.reruns).toBeGreaterThan(0);
  });

  it('keeps the order when a command in the middle has to wait for a value', async () => {
    const { executor } = await setUp();
    await executor.submit(put('k', 'A'));
    const results = await Promise.all([
      executor.submit(append('other', 'x')),
      executor.submit(append('k', 'b', [])),
      executor.submit(append('k', 'c')),
      executor.submit(append('other', 'y', [])),
    ]);
    expect(results).toEqual(['x', 'Ab', 'Abc', 'xy']);
  });

  it('finds the first entry of a range through writes and removals of the same batch', async () => {
    const { executor } = await setUp();
    const names = Array.from({ length: 40 }, (_, at) => `k${String(at).padStart(2, '0')}`);
    await Promise.all(names.map((name) => executor.submit(put(name, 'x'))));
    const first: Command<string | undefined> = {
      name: 'first',
      decide: (view) => ({ writes: [], result: view.first(objectsRange(1))?.key }),
    };
    const remove = (name: string): Command<void> => ({
      name: 'remove',
      decide: () => ({ writes: [{ key: key(name), value: undefined }], result: undefined }),
    });
    const results = [executor.submit(first)];
    for (const name of names.slice(0, 35)) void executor.submit(remove(name));
    results.push(executor.submit(first));
    void executor.submit(put('a', 'x'));
    results.push(executor.submit(first));
    for (const name of ['a', ...names.slice(35)]) void executor.submit(remove(name));
    results.push(executor.submit(first));
    expect(await Promise.all(results)).toEqual([key('k00'), key('k35'), key('a'), undefined]);
  });

  it('gives a refusal to its caller only, and writes nothing of it', async () => {
    const { executor, store } = await setUp();
    const refuse: Command<void> = {
      name: 'refuse',
      decide() {
        throw new CairnError('PRECONDITION_FAILED');
      },
    };
    const [first, refused, last] = await Promise.allSettled([
      executor.submit(put('a', 'x')),
      executor.submit(refuse),
      executor.submit(put('b', 'x')),
    ]);
    expect([first?.status, refused?.status, last?.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(store.commits).toEqual([2]);
    await expect(executor.submit(refuse)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    expect(store.commits).toEqual([2]);
  });

  it('turns an unexpected error of a command into INTERNAL and goes on', async () => {
    const { executor } = await setUp();
    const broken: Command<void> = {
      name: 'broken',
      decide() {
        throw new TypeError('a bug');
      },
    };
    await expect(executor.submit(broken)).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(executor.submit(append('k', 'a'))).resolves.toBe('a');
  });

  it('answers nothing before the commit is durable', async () => {
    const { executor, store } = await setUp();
    let open: () => void = () => undefined;
    store.gate = new Promise((resolve) => {
      open = resolve;
    });
    let answered = false;
    const write = executor.submit(put('a', 'x')).then(() => {
      answered = true;
    });
    const read = executor.submit(follow('a'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    open();
    await Promise.all([write, read]);
    expect(answered).toBe(true);
  });

  it('ends when a commit fails: its callers learn that the outcome is unknown, the others that it no longer leads', async () => {
    const { executor, store } = await setUp();
    store.failure = new CairnError('DISK_FAILED', 'fdatasync failed');
    const first = executor.submit(put('a', 'x'));
    await expect(first).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(executor.failed).resolves.toMatchObject({ code: 'DISK_FAILED' });
    store.failure = undefined;
    await expect(executor.submit(put('b', 'x'))).rejects.toMatchObject({ code: 'LEADER_UNKNOWN' });
  });

  it('refuses more than it may queue', async () => {
    const { executor } = await setUp();
    const all = Array.from({ length: LIMITS.commandsQueuedMax + 1 }, (_, at) => executor.submit(put(`k${at}`, 'x')));
    const settled = await Promise.allSettled(all);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(LIMITS.commandsQueuedMax);
    expect(settled.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'OVERLOADED' } });
  });

  it('answers what it has taken before it closes', async () => {
    const { executor } = await setUp();
    const taken = executor.submit(append('k', 'a'));
    await executor.close();
    await expect(taken).resolves.toBe('a');
    await expect(executor.submit(append('k', 'b'))).rejects.toMatchObject({ code: 'LEADER_UNKNOWN' });
  });
});
