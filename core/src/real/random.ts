/** The machine's source of chance. */
import { randomBytes } from 'node:crypto';
import type { Random } from '../ports/random.ts';

export const realRandom: Random = {
  fraction: () => Math.random(),
  bytes: (count) => randomBytes(count),
};
