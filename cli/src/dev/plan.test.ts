/** The plan of processes. Every configuration must be one that the role takes. */
import { parseConfig } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { ROLE_DOORS } from '../role/roles.ts';
import { parseRoleConfig } from '../role/run-role.ts';
import { DataFolder } from './data-folder.ts';
import { parseDevFlags } from './flags.ts';
import { planRoles, shapeCluster } from './plan.ts';

function shape(typed: Record<string, string> = {}, facts = {}) {
  return shapeCluster(parseDevFlags(typed), { cores: 2, nodesKept: 0, ...facts });
}

function plans(typed: Record<string, string> = {}) {
  const options = parseDevFlags(typed);
  return planRoles({
    options,
    shape: shapeCluster(options, { cores: 2, nodesKept: 0 }),
    sizes: { nodeCapacityBytes: 400 * 1024 ** 3, volumeBytes: 4 * 1024 ** 3, chunkBytes: 8 * 1024 ** 2 },
    folder: new DataFolder('/data'),
    key: { accessKey: 'OPERATOR', secretKey: 'q9Xw3-Lk20_zRt7Vb1' },
    clusterSecret: '0123456789abcdef0123456789abcdef',
    s3: '127.0.0.1:9000',
    portsOf: (name) => ({ grpc: 21_000 + name.length, bulk: 22_000, admin: 23_000 }),
    socketDirOf: (name) => (name === 'storage-node-3' ? undefined : `/data/run/s/${name}`),
  });
}

describe('shapeCluster', () => {
  it('has three nodes, three copies and two durable ones unless told otherwise', () => {
    expect(shape()).toEqual({ nodes: 3, gateways: 1, replicas: 3, writeQuorum: 2, warnings: [] });
  });

  it.each([
    [1, 1],
    [2, 1],
    [8, 4],
  ])('has on %i cores %i gateways', (cores, gateways) => {
    expect(shape({}, { cores }).gateways).toBe(gateways);
  });

  it('lowers the copies to the nodes there are and says so', () => {
    expect(shape({ nodes: '2' })).toMatchObject({
      replicas: 2,
      writeQuorum: 2,
      warnings: [expect.stringContaining('twice')],
    });
    const single = shape({ nodes: '1' });
    expect(single).toMatchObject({ replicas: 1, writeQuorum: 1 });
    expect(single.warnings.join()).toMatch(/for development/);
  });

  it('says that a write quorum of 1 is for development', () => {
    expect(shape({ writeQuorum: '1' }).warnings.join()).toMatch(/for development/);
  });

  it('refuses a write quorum that the nodes cannot reach', () => {
    expect(() => shape({ replicas: '5', writeQuorum: '4' })).toThrow(/--write-quorum 4.*--nodes 4/);
  });

  it('starts every node that has data, and refuses to leave one out', () => {
    expect(shape({}, { nodesKept: 5 }).nodes).toBe(5);
    expect(() => shape({ nodes: '3' }, { nodesKept: 5 })).toThrow(/--nodes 3.*5 storage nodes/);
  });
});

describe('planRoles', () => {
  it('names the processes', () => {
    expect(plans({ gateways: '2' }).map(({ name }) => name)).toEqual([
      'metadata-server-1',
      'storage-node-1',
      'storage-node-2',
      'storage-node-3',
      'gateway-1',
      'gateway-2',
    ]);
  });

  it('writes configurations that the roles take', async () => {
    for (const { role, config } of plans()) {
      const { schema } = await ROLE_DOORS[role]();
      const parsed = parseRoleConfig(schema, JSON.parse(JSON.stringify(config)));
      expect(parsed.admin).toBe('127.0.0.1:23000');
      expect(Object.keys(config).filter((key) => key !== 'admin' && !(key in parsed.config))).toEqual([]);
    }
  });

  it('makes each node a failure domain with a folder of its own', () => {
    const nodes = plans().filter(({ role }) => role === 'storage-node');
    expect(new Set(nodes.map(({ config }) => config['host'])).size).toBe(3);
    expect(nodes.map(({ config }) => config['dataDir'])).toEqual([
      '/data/storage-node-1',
      '/data/storage-node-2',
      '/data/storage-node-3',
    ]);
    expect(nodes[2]?.config).not.toHaveProperty('socketDir');
  });

  it('shares the S3 port only among several gateways', () => {
    const sharing = (typed: Record<string, string>) =>
      plans(typed).flatMap(({ role, config }) => (role === 'gateway' ? [config['reusePort']] : []));
    expect(sharing({ gateways: '1' })).toEqual([false]);
    expect(sharing({ gateways: '2' })).toEqual([true, true]);
  });

  it('is refused by a role when a key is unknown', async () => {
    const { schema } = await ROLE_DOORS.gateway();
    expect(() => parseConfig(schema, { ...plans().at(-1)?.config })).toThrow(/unknown key "admin"/);
  });
});
