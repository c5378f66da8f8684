/** What a person sees when a cluster is ready. */
import { describe, expect, it } from 'vitest';
import { DataFolder } from './data-folder.ts';
import { startScreen } from './start-screen.ts';

const SCREEN: Parameters<typeof startScreen>[0] = {
  shape: { nodes: 3, gateways: 1, replicas: 3, writeQuorum: 2, warnings: [] },
  sizes: { nodeCapacityBytes: 400 * 1024 ** 3, volumeBytes: 4 * 1024 ** 3, chunkBytes: 8 * 1024 ** 2 },
  endpoint: 'http://127.0.0.1:9000',
  folder: new DataFolder('/srv/cairn'),
  key: { accessKey: 'OPERATOR', secretKey: 'q9Xw3-Lk20_zRt7Vb1', generated: false },
  isDefaultFolder: true,
  elapsedMs: 1234,
};

describe('startScreen', () => {
  it('names the endpoint, the credentials, what is promised and what is not', () => {
    const screen = startScreen(SCREEN);
    for (const part of ['http://127.0.0.1:9000', '/srv/cairn/credentials', '2 of 3 nodes', 'no automatic failover']) {
      expect(screen).toContain(part);
    }
  });

  it('shows a secret only when it was made just now', () => {
    expect(startScreen(SCREEN)).not.toContain(SCREEN.key.secretKey);
    expect(startScreen({ ...SCREEN, key: { ...SCREEN.key, generated: true } })).toContain(SCREEN.key.secretKey);
  });

  it('tells commands where the cluster is when they would not find it', () => {
    expect(startScreen(SCREEN)).not.toContain('CAIRN_CLUSTER');
    expect(startScreen({ ...SCREEN, isDefaultFolder: false })).toContain("export CAIRN_CLUSTER='/srv/cairn'");
  });
});
