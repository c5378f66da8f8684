/** Flags of `cairn dev`: what is taken and how each refusal names the flag. */
import { describe, expect, it } from 'vitest';
import { UsageError } from '../exit-code.ts';
import { joinHostPort, parseDevFlags, splitHostPort } from './flags.ts';

describe('parseDevFlags', () => {
  it('has the defaults that the README promises', () => {
    expect(parseDevFlags({ restart: true })).toEqual({
      dataDir: './cairn-data',
      nodes: undefined,
      gateways: undefined,
      metadataStore: 'level:',
      s3: '127.0.0.1:9000',
      replicas: 3,
      writeQuorum: undefined,
      volumeBytes: undefined,
      nodeCapacityBytes: undefined,
      profile: 'production',
      restart: true,
      verbose: false,
    });
  });

  it('reads sizes and names', () => {
    const options = parseDevFlags({ volumeSize: '64MiB', nodeCapacity: '10GiB', profile: 'test', nodes: '5' });
    expect(options).toMatchObject({
      volumeBytes: 64 * 1024 ** 2,
      nodeCapacityBytes: 10 * 1024 ** 3,
      profile: 'test',
      nodes: 5,
    });
  });

  it.each([
    [{ nodes: '0' }, '--nodes'],
    [{ nodes: 'three' }, '--nodes'],
    [{ gateways: '1.5' }, '--gateways'],
    [{ s3: '9000' }, '--s3'],
    [{ s3: '127.0.0.1:99999' }, '--s3'],
    [{ volumeSize: '4 gigs' }, '--volume-size'],
    [{ volumeSize: '1KiB' }, '--volume-size'],
    [{ nodeCapacity: '-1' }, '--node-capacity'],
    [{ profile: 'fast' }, '--profile'],
    [{ replicas: '2', writeQuorum: '3' }, '--write-quorum'],
    [{ nodes: '1', writeQuorum: '2' }, '--write-quorum'],
    [{ metadataServers: '2' }, '--metadata-servers'],
    [{ metadataStore: 'etcd://127.0.0.1:2379' }, '--metadata-store'],
  ])('refuses %j and names %s', (typed, flag) => {
    expect(() => parseDevFlags(typed)).toThrow(UsageError);
    expect(() => parseDevFlags(typed)).toThrow(flag);
  });
});

describe('host and port', () => {
  it.each(['127.0.0.1:9000', '[::1]:80', 'localhost:0'])('of %s come apart and together again', (address) => {
    const { host, port } = splitHostPort(address);
    expect(host).not.toMatch(/[[\]]/);
    expect(joinHostPort(host, port)).toBe(address);
  });
});
