/** A node's standing in the cluster: registration, heartbeats, orders, fencing, and when it has to end. */
import { CairnError, type ErrorCode, type HeartbeatResponse } from '@cairn/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeLeader } from '../testing/fake-leader.ts';
import { NodeBench } from '../testing/node-bench.ts';
import { codeOf, idOf, putOf, VOLUME, VOLUME_FILE } from '../testing/volume-bench.ts';

const IDENTITY_FILE = '/data/identity.json';

let bench: NodeBench;

beforeEach(() => {
  bench = new NodeBench();
});

async function identity(): Promise<Record<string, unknown>> {
  return JSON.parse(Buffer.from((await bench.disk.readFile(IDENTITY_FILE)) ?? []).toString());
}

function failingWith(code: ErrorCode) {
  return (): never => {
    throw new CairnError(code);
  };
}

describe('registration', () => {
  it('tells the leader who the node is, and persists who it has become', async () => {
    await bench.listen();
    await bench.start({ zone: 'z1', rack: 'r1', capacity: '10GiB' });
    await bench.ready();
    expect(bench.leader.registrations).toEqual([
      {
        clusterId: '',
        nodeId: 'n1',
        incarnation: 0,
        endpoint: bench.node.endpoint,
        domain: { zone: 'z1', rack: 'r1', host: 'n1' },
        capacityBytes: 10 * 1024 ** 3,
        usedBytes: 0,
        volumes: [],
      },
    ]);
    expect(await identity()).toEqual({
      formatVersion: 1,
      clusterId: 'cluster-1',
      nodeId: 'n1',
      incarnation: 1,
      epoch: 5,
    });
  });

  it('brings the identity and all replicas again after a restart', async () => {
    await bench.startWithVolume();
    await bench.call('StorageNode.PutChunk', putOf(1, 100));
    await bench.restart();
    expect(bench.leader.registrations.at(-1)).toMatchObject({
      clusterId: 'cluster-1',
      incarnation: 1,
      volumes: [{ volumeId: VOLUME, liveChunks: 1, state: 'open' }],
    });
    expect((await identity())['incarnation']).toBe(2);
  });

  it('makes up a node id once when none is given', async () => {
    await bench.listen();
    await bench.start({ nodeId: undefined });
    await bench.ready();
    const { nodeId } = await identity();
    expect(nodeId).toMatch(/^node-[0-9a-f]{8}$/);
    await bench.restart({ nodeId: undefined });
    expect(bench.leader.registrations.map((request) => request.nodeId)).toEqual([nodeId, nodeId]);
  });

  it('is tried until there is a leader, and says meanwhile that the node is not ready', async () => {
    await bench.start();
    await bench.clock.advance(20_000);
    expect(bench.node.notReady()).toMatch(/not registered/);
    await bench.listen();
    await bench.clock.advance(10_000);
    expect(bench.node.notReady()).toBeUndefined();
  });

  it('finds the leader among several metadata servers', async () => {
    const standby = new FakeLeader();
    standby.onRegister = failingWith('LEADER_UNKNOWN');
    await standby.listen(bench.network.transport('standby'), { address: 'standby:7000', clock: bench.clock });
    await bench.listen();
    await bench.start({ metadata: 'nobody:7000,standby:7000,leader:7000' });
    await bench.ready();
    expect([standby.registrations.length, bench.leader.registrations.length]).toEqual([1, 1]);
    await bench.clock.advance(7000);
    expect([standby.heartbeats.length, bench.leader.heartbeats.length]).toEqual([0, 2]);
  });

  it('lets the node take no chunk before it is done', async () => {
    await bench.startWithVolume();
    bench.leader.onRegister = failingWith('UNAVAILABLE');
    await bench.restart();
    expect(await codeOf(bench.call('StorageNode.PutChunk', putOf(1, 10)))).toBe('NODE_READ_ONLY');
  });

  it('does not happen again because of an answer of an older leader', async () => {
    await bench.startWithVolume();
    bench.leader.onRegister = (answer) => ({ ...answer, epoch: 4 });
    await bench.restart();
    expect(bench.node.notReady()).toMatch(/not registered/);
    expect(await identity()).toMatchObject({ incarnation: 1, epoch: 5 });
  });
});

describe('heartbeats', () => {
  beforeEach(() => bench.startWithVolume());

  it('come in the interval that the leader wants', async () => {
    const before = bench.leader.heartbeats.length;
    await bench.clock.advance(30_000);
    expect(bench.leader.heartbeats.length - before).toBe(10);
    expect(bench.leader.heartbeats.at(-1)).toMatchObject({ nodeId: 'n1', incarnation: 1, readOnly: false });
  });

  it('carry the replicas that changed since they were last answered, and only those', async () => {
    await bench.clock.advance(6500);
    const next = async () => {
      await bench.clock.advance(3000);
      return bench.leader.heartbeats.at(-1)?.volumes.map(({ liveChunks }) => liveChunks);
    };
    expect(await next()).toEqual([]);
    await bench.call('StorageNode.PutChunk', putOf(1, 10));
    bench.leader.onHeartbeat = failingWith('INTERNAL');
    expect(await next()).toEqual([1]);
    bench.leader.onHeartbeat = (answer) => answer;
    expect(await next()).toEqual([1]);
    expect(await next()).toEqual([]);
  });

  it('bring orders, which are carried out before the next', async () => {
    let answer = (one: HeartbeatResponse): HeartbeatResponse => {
      answer = (other) => other;
      return { ...one, orders: [{ kind: 'seal', volumeId: VOLUME, generation: 2 }] };
    };
    bench.leader.onHeartbeat = (one) => answer(one);
    await bench.clock.advance(6500);
    expect(bench.leader.heartbeats.at(-1)?.volumes).toMatchObject([{ state: 'sealed', generation: 2 }]);
    expect(await codeOf(bench.call('StorageNode.PutChunk', putOf(1, 10, { generation: 2 })))).toBe('VOLUME_SEALED');
  });

  it('come at once when a replica has failed', async () => {
    await bench.clock.advance(3500);
    bench.disk.failNextSync(VOLUME_FILE);
    expect(await codeOf(bench.call('StorageNode.PutChunk', putOf(1, 10)))).toBe('VOLUME_FAILED');
    await bench.clock.advance(1);
    expect(bench.leader.heartbeats.at(-1)?.volumes).toMatchObject([{ state: 'failed' }]);
  });

  it('bring no orders of an older leader', async () => {
    bench.leader.onHeartbeat = (answer) => ({
      epoch: answer.epoch - 1,
      orders: [{ kind: 'seal', volumeId: VOLUME, generation: 2 }],
    });
    await bench.clock.advance(10_000);
    expect(await codeOf(bench.call('StorageNode.PutChunk', putOf(1, 10)))).toBe('no error');
  });

  it('make the node register again when the leader does not know it', async () => {
    bench.leader.onHeartbeat = failingWith('NODE_UNKNOWN');
    await bench.clock.advance(4000);
    bench.leader.onHeartbeat = (answer) => answer;
    await bench.clock.advance(4000);
    expect(bench.leader.registrations.at(-1)).toMatchObject({ incarnation: 1, volumes: [{ volumeId: VOLUME }] });
    expect(bench.leader.heartbeats.at(-1)).toMatchObject({ incarnation: 2 });
    expect(await codeOf(bench.call('StorageNode.PutChunk', putOf(1, 10)))).toBe('no error');
  });
});

describe('a node that nobody hears', () => {
  it('refuses writes from the fence on and goes on reading, until it is heard again', async () => {
    await bench.startWithVolume();
    await bench.call('StorageNode.PutChunk', putOf(1, 10));
    bench.network.partition(['node'], ['leader']);
    await bench.clock.advance(10_000);
    expect(await codeOf(bench.call('StorageNode.PutChunk', putOf(2, 10)))).toBe('no error');
    await bench.clock.advance(8000);
    expect(await codeOf(bench.call('StorageNode.PutChunk', putOf(3, 10)))).toBe('NODE_READ_ONLY');
    expect(bench.node.notReady()).toMatch(/no heartbeat was answered/);
    expect(bench.metric('cairn_node_fenced_state')).toBe(1);
    const read = { volumeId: VOLUME, chunkId: idOf(1), offset: 0, length: 10 };
    expect((await bench.call('StorageNode.GetChunk', read)).payload.length).toBe(10);
    bench.network.healAll();
    await bench.clock.advance(10_000);
    expect(await codeOf(bench.call('StorageNode.PutChunk', putOf(3, 10)))).toBe('no error');
  });
});

describe('a node that has no place in the cluster', () => {
  it('ends when another process has registered as it', async () => {
    await bench.startWithVolume();
    bench.leader.onHeartbeat = failingWith('INCARNATION_STALE');
    await bench.clock.advance(4000);
    const reason = (await bench.node.failed) as CairnError;
    expect([reason.code, reason.message]).toEqual([
      'INCARNATION_STALE',
      expect.stringMatching(/has taken over as node n1/),
    ]);
    expect(await codeOf(bench.call('StorageNode.PutChunk', putOf(1, 10)))).toBe('NODE_READ_ONLY');
    const { length } = bench.leader.heartbeats;
    await bench.clock.advance(20_000);
    expect(bench.leader.heartbeats).toHaveLength(length);
  });

  it('ends when its folder is a copy of an older state', async () => {
    await bench.listen();
    bench.leader.onRegister = failingWith('INCARNATION_STALE');
    await bench.start();
    expect(((await bench.clock.run(bench.node.failed)) as CairnError).code).toBe('INCARNATION_STALE');
  });

  it.each(['the leader', 'the node'])('ends when %s sees that it belongs to another cluster', async (who) => {
    await bench.startWithVolume();
    bench.leader.clusterId = 'cluster-2';
    if (who === 'the leader') bench.leader.onRegister = failingWith('CLUSTER_MISMATCH');
    await bench.restart();
    expect(((await bench.node.failed) as CairnError).code).toBe('CLUSTER_MISMATCH');
    expect(await identity()).toMatchObject({ clusterId: 'cluster-1', incarnation: 1 });
  });
});

describe('the identity', () => {
  async function refusalOf(config: object = {}): Promise<CairnError> {
    bench.network.crash('node');
    bench.disk = bench.disk.handOver();
    bench.store.crash();
    return bench.start(config as Record<string, unknown>).then(
      () => expect.fail('the node started'),
      (error: unknown) => error as CairnError,
    );
  }

  async function overwrite(text: string): Promise<void> {
    const file = await bench.disk.open(IDENTITY_FILE);
    await file.truncate(0);
    await file.write([Buffer.from(text)], 0);
    await file.close();
  }

  beforeEach(() => bench.startWithVolume());

  it('is that of the folder, whatever the configuration says', async () => {
    const refusal = await refusalOf({ nodeId: 'n2' });
    expect([refusal.code, refusal.message]).toEqual(['DATA_DIR_MISMATCH', expect.stringMatching(/that of node n1/)]);
  });

  it.each([
    ['nonsense', 'not json'],
    ['a later format version', '{"formatVersion":2,"clusterId":"c","nodeId":"n1","incarnation":1,"epoch":1}'],
    ['a missing number', '{"formatVersion":1,"clusterId":"c","nodeId":"n1","incarnation":1}'],
  ])('refuses %s', async (_name, text) => {
    await overwrite(text);
    expect((await refusalOf()).code).toBe('DATA_DIR_MISMATCH');
  });

  it('must not be missing where there are volumes', async () => {
    await bench.disk.remove(IDENTITY_FILE);
    expect((await refusalOf()).code).toBe('DATA_DIR_MISMATCH');
  });

  it('frees the folder when the start is refused', async () => {
    await refusalOf({ nodeId: 'n2' });
    await bench.start();
    await bench.ready();
    expect(bench.node.notReady()).toBeUndefined();
  });

  it('is whole after a power cut at any change of a new epoch', async () => {
    for (let change = 1, cut = true; cut; change++) {
      bench = new NodeBench();
      await bench.startWithVolume();
      bench.disk.powerCutAtChange(change, { torn: true });
      const request = { epoch: 6, volumeId: VOLUME, generation: 1 };
      const code = await codeOf(bench.call('StorageNode.CreateVolume', request));
      cut = bench.disk.isOff;
      bench.disk.powerOn();
      await bench.restart();
      const { epoch } = await identity();
      expect(code === 'no error' ? [6] : [5, 6]).toContain(epoch);
    }
  });
});
