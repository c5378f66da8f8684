/** What a storage node can be told, and how it refuses the rest. */
import { CairnError, LIMITS, parseConfig } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { deriveConfig, storageNodeSchema } from './config.ts';

const SMALLEST = { dataDir: '/data', metadata: 'a:1', clusterSecret: 'f3a91c0de7b2468c9a51e0d4' };

function refusalOf(config: Record<string, unknown>): string {
  try {
    deriveConfig(parseConfig(storageNodeSchema, { ...SMALLEST, ...config }));
  } catch (error) {
    if (error instanceof CairnError && error.code === 'CONFIG_INVALID') return error.message;
    throw error;
  }
  return 'accepted';
}

describe('the configuration of a storage node', () => {
  it('needs a folder, a metadata server and the secret', () => {
    expect(parseConfig(storageNodeSchema, SMALLEST)).toEqual({
      ...SMALLEST,
      metadata: ['a:1'],
      listen: '127.0.0.1:0',
      bulkListen: '127.0.0.1:0',
      socketDir: undefined,
      nodeId: undefined,
      zone: 'default',
      rack: 'default',
      host: undefined,
      capacity: undefined,
      volumeSize: LIMITS.volumeBytesDefault,
      profile: 'production',
      timers: {},
    });
    for (const key of Object.keys(SMALLEST)) expect(refusalOf({ [key]: undefined })).toMatch(key);
  });

  it('takes several metadata servers, as text or as a list', () => {
    for (const metadata of ['a:1, b:2', ['a:1', 'b:2']]) {
      expect(parseConfig(storageNodeSchema, { ...SMALLEST, metadata }).metadata).toEqual(['a:1', 'b:2']);
    }
  });

  it('takes none for the bulk lane', () => {
    expect(parseConfig(storageNodeSchema, { ...SMALLEST, bulkListen: 'none' }).bulkListen).toBe('');
  });

  it('sets single timers over a profile', () => {
    const config = parseConfig(storageNodeSchema, { ...SMALLEST, profile: 'test', timers: { rpcDeadlineMs: 123 } });
    expect(deriveConfig(config).timers).toMatchObject({ rpcDeadlineMs: 123, heartbeatIntervalMs: 200 });
  });

  it.each([
    ['metadata', { metadata: '' }],
    ['metadata', { metadata: 'a:1,,b:2' }],
    ['metadata', { metadata: [] }],
    ['bulkListen', { bulkListen: 'maybe' }],
    ['nodeId', { nodeId: 'Node 1' }],
    ['capacity', { capacity: '10 apples' }],
    ['volumeSize', { volumeSize: '1KiB' }],
    ['clusterSecret', { clusterSecret: 'changemechangeme' }],
    ['timers', { timers: { heartbeatMs: 5 } }],
    ['timers', { timers: { rpcDeadlineMs: 0 } }],
    ['profile', { profile: 'fast' }],
    ['unknown key "datadir"', { datadir: '/data' }],
  ])('refuses a bad %s and names it', (key, config) => {
    expect(refusalOf(config)).toContain(key);
  });
});
