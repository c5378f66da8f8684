/** What the handlers of one node share. */
import type { Log } from '@cairn/core';
import type { IndexWriter } from '../index/index-writer.ts';
import type { Identity } from '../membership/identity.ts';
import type { Space } from '../space.ts';
import type { Volumes } from '../volume/volumes.ts';
import type { HeadCache } from './head-cache.ts';
import type { MemoryGate } from './memory-gate.ts';
import type { Traffic } from './traffic.ts';

export interface NodeParts {
  identity: Identity;
  volumes: Volumes;
  space: Space;
  writer: IndexWriter;
  memory: MemoryGate;
  heads: HeadCache;
  traffic: Traffic;
  log: Log;
  /** Why the cluster must not count on writes to this node, or undefined. */
  fencedBecause: () => string | undefined;
}
