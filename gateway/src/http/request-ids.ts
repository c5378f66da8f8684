/** Request ids: random where processes differ, counted within one, so that they cost nothing and never repeat. */
import type { Random } from '@cairn/core';

export function requestIds(random: Random): () => string {
  const prefix = Buffer.from(random.bytes(4)).toString('hex').toUpperCase();
  let counter = 0;
  return () => {
    counter += 1;
    return prefix + counter.toString(16).toUpperCase().padStart(8, '0');
  };
}
