import { parseConfig } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { deriveConfig, metadataServerSchema } from './config.ts';

const given = {
  dataDir: '/data',
  clusterSecret: 'correct horse battery staple',
  accessKey: 'root',
  secretKey: 'a secret key of some length',
};
const derive = (more: Record<string, unknown>) =>
  deriveConfig(parseConfig(metadataServerSchema, { ...given, ...more }));

describe('the configuration of a metadata server', () => {
  it('has defaults for all but the folder, the secrets and the key', () => {
    const { config, timers } = derive({});
    expect(config).toMatchObject({ replicas: 3, writeQuorum: 2, volumeSize: 4 * 2 ** 30, metadataStore: 'level:' });
    expect(timers.heartbeatIntervalMs).toBe(3000);
  });

  it.each([
    [{ writeQuorum: 4 }, /writeQuorum: 4 is more than replicas, which is 3/],
    [{ replicas: 0 }, /replicas/],
    [{ chunkSize: '17MiB' }, /chunkSize/],
    [{ chunkSize: 100_000 }, /chunkSize/],
    [{ volumeSize: 1000 }, /volumeSize/],
    [{ clusterSecret: 'secret' }, /clusterSecret/],
    [{ timers: { heartbeat: 1 } }, /timers/],
    [{ timers: { heartbeatIntervalMs: -1 } }, /timers/],
    [{ timers: { suspectAfterMs: 60_000 } }, /timers/],
    [{ unknown: 1 }, /unknown key/],
  ])('refuses %j and names the key', (more, message) => {
    expect(() => derive(more)).toThrow(message);
  });

  it('takes single timers over those of the profile', () => {
    const { timers } = derive({ profile: 'test', timers: { sessionTtlMs: 1234 } });
    expect(timers).toMatchObject({ sessionTtlMs: 1234, heartbeatIntervalMs: 200 });
  });
});
