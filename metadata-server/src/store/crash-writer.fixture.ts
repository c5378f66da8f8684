/**
 * The process that a crash test kills: commits as fast as it can, eight at once, and prints each number that was acknowledged.
 * Commit n writes rows `a<n>` and `b<n>`, and moves `turn` on.
 */
import { realClock, realDisk, silentLog } from '@cairn/core';
import type { StoreKey } from './metadata-store.ts';
import { openMetadataStore } from './open-metadata-store.ts';

const [dataDir = '', first = '0'] = process.argv.slice(2);
const store = await openMetadataStore('level:', {
  dataDir,
  disk: realDisk,
  clock: realClock,
  log: silentLog,
  // Small, so that it is killed in the middle of checkpoints too.
  segmentBytesMax: 50_000,
});
const lease = await store.acquireLease('crash-writer');
let next = Number(first);

async function commitForever(): Promise<never> {
  for (;;) {
    const number = next++;
    const value = Buffer.alloc(50, `${number} `);
    const rows = [`a${number}`, `b${number}`, 'turn'];
    await store.commit(
      rows.map((row) => ({ key: row as StoreKey, value })),
      lease.epoch,
    );
    process.stdout.write(`${number}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, commitForever));
