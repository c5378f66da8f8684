/** kill -9 in the middle of commits and checkpoints loses no acknowledged commit, and no half of one is ever seen. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { StoreKey } from './metadata-store.ts';
import { StoreFolder } from './store-folder.fixture.ts';

const WRITER = fileURLToPath(new URL('./crash-writer.fixture.ts', import.meta.url));

/** Runs the writer until it has acknowledged `count` commits, then kills it. @returns What it acknowledged. */
async function writeAndKill(folder: StoreFolder, options: { first: number; count: number }): Promise<number[]> {
  const writer = spawn(process.execPath, [WRITER, folder.path, String(options.first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(writer, 'exit');
  const acknowledged: number[] = [];
  for await (const line of createInterface({ input: writer.stdout })) {
    acknowledged.push(Number(line));
    if (acknowledged.length === options.count) writer.kill('SIGKILL');
  }
  await exited;
  return acknowledged;
}

it('keeps every acknowledged commit, whole, over many deaths', async () => {
  const folder = new StoreFolder();
  const acknowledged: number[] = [];
  for (const [round, count] of [1, 400, 3000, 150, 5000, 20].entries()) {
    const fresh = await writeAndKill(folder, { first: round * 1_000_000, count });
    expect(fresh.length).toBeGreaterThanOrEqual(count);
    acknowledged.push(...fresh);
    const store = await folder.open();
    const keys = acknowledged.flatMap((number) => [`a${number}` as StoreKey, `b${number}` as StoreKey]);
    const values = await store.getMany(keys);
    for (const [at, number] of acknowledged.entries()) {
      expect(values[2 * at]?.toString().split(' ')[0]).toBe(`${number}`);
      expect(values[2 * at + 1]).toEqual(values[2 * at]);
    }
    const all = await store.scan({ from: '' as StoreKey, to: 'z' as StoreKey }, { limit: 1_000_000 });
    const rows = (letter: string) => all.filter(({ key }) => key[0] === letter).map(({ key }) => key.slice(1));
    expect(rows('a')).toEqual(rows('b'));
    await store.close();
  }
  folder.remove();
});
