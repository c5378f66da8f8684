/** The configuration of a gateway. */
import { parseConfig } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { deriveGatewayTimers, gatewaySchema } from './config.ts';

const given = {
  metadata: '127.0.0.1:7000, [::1]:7001',
  clusterSecret: '0123456789abcdef',
  accessKey: 'AKIA',
  secretKey: 'fedcba9876543210',
};

describe('the configuration', () => {
  it('has defaults for all but addresses and secrets', () => {
    expect(parseConfig(gatewaySchema, given)).toMatchObject({
      s3: '127.0.0.1:9000',
      metadata: ['127.0.0.1:7000', '[::1]:7001'],
      region: 'us-east-1',
      domain: undefined,
      reusePort: false,
      profile: 'production',
    });
  });

  const bad: Record<string, unknown>[] = [
    { metadata: '127.0.0.1' },
    { metadata: '' },
    { secretKey: 'short' },
    { domain: 'a b' },
    { s3: '9000' },
    { timers: { unknownMs: 1 } },
    { reusePort: 'maybe' },
    { colour: 'red' },
  ];
  for (const change of bad) {
    const [key = ''] = Object.keys(change);
    it(`refuses ${JSON.stringify(change)} and names the key`, () => {
      expect(() => parseConfig(gatewaySchema, { ...given, ...change })).toThrow(key);
    });
  }

  it('refuses a region that no scope can hold', () => {
    expect(() => deriveGatewayTimers(parseConfig(gatewaySchema, { ...given, region: 'EU/west' }))).toThrow('region');
  });
});
