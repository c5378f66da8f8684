/** Runs the conformance suite on every adapter. */
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { hasCode, realClock, realDisk, silentLog } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { metadataStoreConformance } from './metadata-store.conformance.ts';
import type { StoreUnderTest } from './metadata-store-subject.conformance.ts';
import { openMetadataStore } from './open-metadata-store.ts';

async function onDisk(url: string): Promise<StoreUnderTest> {
  const dataDir = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-store-'));
  // Small segments, so that checkpoints run while the suite does.
  const open = () =>
    openMetadataStore(url, { dataDir, disk: realDisk, clock: realClock, log: silentLog, segmentBytesMax: 20_000 });
  const under = {
    store: await open(),
    reopen: async () => {
      await under.store.close();
      under.store = await open();
      return under.store;
    },
    dispose: async () => {
      await under.store.close();
      await fs.rm(dataDir, { recursive: true });
    },
  };
  return under;
}

const unused = { dataDir: '/nowhere', disk: realDisk, clock: realClock, log: silentLog };

metadataStoreConformance('memory', async () => {
  const store = await openMetadataStore('memory:', unused);
  return { store, dispose: () => store.close() };
});
metadataStoreConformance('journal', () => onDisk('journal:'));
metadataStoreConformance('level', () => onDisk('level:'));

describe('the URL of a metadata store', () => {
  it('is refused when its scheme is unknown', async () => {
    for (const url of ['', 'level', 'redis://host', 'level:/somewhere']) {
      await expect(openMetadataStore(url, unused)).rejects.toSatisfy((error) => hasCode(error, 'CONFIG_INVALID'));
    }
  });

  it('says which adapters are not in this release', async () => {
    for (const url of ['etcd://127.0.0.1:2379', 'postgres://127.0.0.1/cairn']) {
      await expect(openMetadataStore(url, unused)).rejects.toSatisfy((error) => hasCode(error, 'NOT_IMPLEMENTED'));
    }
  });
});
