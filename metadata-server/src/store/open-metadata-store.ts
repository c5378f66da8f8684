/** Chooses the adapter by the scheme of `--metadata-store`. */
import { CairnError } from '@cairn/core';
import { openJournaledMemoryStore, openLevelStore, type StoreOptions } from './level-store.ts';
import { MemoryStore } from './memory-store.ts';
import type { MetadataStore } from './metadata-store.ts';

/**
 * @param url `level:` the embedded store; `memory:` nothing is kept; `journal:` the embedded store's journal with its index in
 * memory, for simulated disks.
 * @throws CONFIG_INVALID for an unknown scheme, NOT_IMPLEMENTED for one that is planned; else what the adapter throws.
 */
export async function openMetadataStore(url: string, options: StoreOptions): Promise<MetadataStore> {
  switch (url) {
    case 'level:':
      return openLevelStore(options);
    case 'memory:':
      return new MemoryStore();
    case 'journal:':
      return openJournaledMemoryStore(options);
  }
  if (/^(etcd|postgres|postgresql):\/\//.test(url)) {
    throw new CairnError(
      'NOT_IMPLEMENTED',
      `metadata store ${url}: this release has the embedded store only, write level:`,
    );
  }
  throw new CairnError('CONFIG_INVALID', `metadata store ${url}: unknown; write level:`);
}
