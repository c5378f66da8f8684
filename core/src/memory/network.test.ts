/** The faults of the in-memory network, on a clock that a test drives. */
import { describe, expect, it } from 'vitest';
import type { HandlersOf, Principal } from '../api/methods.ts';
import { CairnError, hasCode } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { sleep } from '../ports/clock.ts';
import type { Channel } from '../ports/transport.ts';
import { serviceOf } from '../ports/transport-samples.conformance.ts';
import { VirtualClock } from './clock.ts';
import { MemoryNetwork } from './network.ts';
import { SeededRandom } from './random.ts';

const cluster: Principal = { kind: 'cluster' };

/** A `client` and a `server` that notes the keys it is asked for. */
async function pair(seed = 1, handlers: Partial<HandlersOf<'MetadataServer'>> = {}) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom(seed) });
  const asked: string[] = [];
  const MetadataServer = serviceOf('MetadataServer', {
    GetBucket: async ({ bucket }) => {
      asked.push(bucket);
      return { name: bucket, createdMs: clock.monotonic() };
    },
    ...handlers,
  });
  const server = network.transport('server');
  const listen = (address: string) =>
    network.transport('server').listen({ address, services: { MetadataServer }, authenticate: () => cluster });
  const listener = await server.listen({
    address: 'server:0',
    services: { MetadataServer },
    authenticate: () => cluster,
  });
  const channel = network.transport('client').connect({ endpoint: listener.endpoint, authorization: () => '' });
  const ask = (bucket: string, deadlineMs = 1000) =>
    channel.call('MetadataServer.GetBucket', { bucket }, { deadlineMs });
  return { clock, network, asked, listen, listener, channel, ask };
}

async function outcome(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'answered',
    (error: unknown) => (error instanceof CairnError ? error.code : String(error)),
  );
}

describe('the in-memory network', () => {
  it('takes no time unless told to', async () => {
    const { clock, ask } = await pair();
    await clock.run(ask('a'));
    expect(clock.monotonic()).toBe(0);
  });

  it('delays each direction by its own time', async () => {
    const { clock, network, ask } = await pair();
    network.setFaults('client', 'server', { delayMs: 30 });
    network.setFaults('server', 'client', { delayMs: 12 });
    expect(await clock.run(ask('a'))).toEqual({ name: 'a', createdMs: 30 });
    expect(clock.monotonic()).toBe(42);
  });

  it('keeps the order of messages whatever their delays, unless it may reorder', async () => {
    const sent = Array.from({ length: 50 }, (_, at) => `bucket-${at}`);
    const arrivals = async (reorderShare: number) => {
      const { clock, network, asked, ask } = await pair();
      network.setFaults('client', 'server', { delayMs: [0, 100], reorderShare });
      await clock.run(Promise.all(sent.map((bucket) => ask(bucket))));
      return asked;
    };
    expect(await arrivals(0)).toEqual(sent);
    const reordered = await arrivals(0.5);
    expect(reordered).not.toEqual(sent);
    expect(reordered.toSorted()).toEqual(sent.toSorted());
  });

  it('replays from its seed', async () => {
    const run = async (seed: number) => {
      const { clock, network, ask } = await pair(seed);
      network.setFaults('*', '*', { delayMs: [1, 50], dropShare: 0.3, reorderShare: 0.3 });
      const outcomes = await clock.run(Promise.all(Array.from({ length: 100 }, (_, at) => outcome(ask(`b${at}`)))));
      return { outcomes, endMs: clock.monotonic() };
    };
    const first = await run(7);
    expect(await run(7)).toEqual(first);
    expect(await run(8)).not.toEqual(first);
    expect(new Set(first.outcomes)).toEqual(new Set(['answered', 'DEADLINE_EXCEEDED']));
  });

  it('loses what is sent over a cut link, and nothing in the other direction', async () => {
    const { clock, network, asked, ask } = await pair();
    network.cut('server', 'client');
    expect(await clock.run(outcome(ask('lost answer')))).toBe('DEADLINE_EXCEEDED');
    network.heal('server', 'client');
    network.cut('client', 'server');
    expect(await clock.run(outcome(ask('lost request')))).toBe('DEADLINE_EXCEEDED');
    network.heal('client', 'server');
    expect(await clock.run(outcome(ask('through')))).toBe('answered');
    expect(asked).toEqual(['lost answer', 'through']);
  });

  it('loses what is on its way when the link is cut', async () => {
    const { clock, network, asked, ask } = await pair();
    network.setFaults('client', 'server', { delayMs: 10 });
    const call = outcome(ask('a'));
    await clock.advance(5);
    network.partition(['client'], ['*']);
    expect(await clock.run(call)).toBe('DEADLINE_EXCEEDED');
    expect(asked).toEqual([]);
    network.healAll();
    expect(await clock.run(outcome(ask('b')))).toBe('answered');
  });

  it('tells callers at once when a process crashes, and lets nothing of it out any more', async () => {
    let survived = false;
    const { clock, network, channel, listen, listener } = await pair(1, {
      GetBucket: async ({ bucket }) => {
        await sleep(clock, 100);
        survived = true;
        return { name: bucket, createdMs: 0 };
      },
    });
    const call = outcome(channel.call('MetadataServer.GetBucket', { bucket: 'a' }));
    await clock.advance(10);
    network.crash('server');
    expect(await clock.run(call)).toBe('UNAVAILABLE');
    expect(clock.monotonic()).toBe(10);
    await clock.advance(200);
    expect(survived).toBe(true);
    expect(await clock.run(outcome(channel.call('MetadataServer.GetBucket', { bucket: 'a' })))).toBe('UNAVAILABLE');
    await listen(listener.endpoint.grpc);
    expect(await clock.run(outcome(channel.call('MetadataServer.GetBucket', { bucket: 'a' })))).toBe('answered');
  });

  it('aborts the handlers of a caller that crashes', async () => {
    const reasons: unknown[] = [];
    const { clock, network, channel } = await pair(1, {
      GetBucket: async (_request, { signal }) => {
        await sleep(clock, 60_000, signal).catch((reason) => reasons.push(reason));
        throw new CairnError('CANCELLED');
      },
    });
    const call = outcome(channel.call('MetadataServer.GetBucket', { bucket: 'a' }));
    await clock.advance(10);
    network.crash('client');
    expect(await clock.run(call)).toBe('UNAVAILABLE');
    await clock.advance(0);
    expect(reasons.map((reason) => hasCode(reason, 'CANCELLED'))).toEqual([true]);
    expect(await outcome(channel.call('MetadataServer.GetBucket', { bucket: 'a' }))).toBe('UNAVAILABLE');
  });

  it('aborts a handler at the deadline that was sent along, when nobody can tell it to stop', async () => {
    let abortedAtMs = 0;
    const { clock, network, channel } = await pair(1, {
      GetBucket: async (_request, { signal }) => {
        await sleep(clock, 60_000, signal).catch(() => {
          abortedAtMs = clock.monotonic();
        });
        throw new CairnError('CANCELLED');
      },
    });
    const call = outcome(channel.call('MetadataServer.GetBucket', { bucket: 'a' }, { deadlineMs: 700 }));
    await clock.advance(10);
    network.cut('client', 'server');
    expect(await clock.run(call)).toBe('DEADLINE_EXCEEDED');
    await clock.advance(0);
    expect(abortedAtMs).toBe(700);
  });

  it('refuses calls beyond those that may wait on one connection', async () => {
    const { clock, ask } = await pair();
    const calls = Array.from({ length: LIMITS.callsInFlightMax + 2 }, () => outcome(ask('a')));
    const outcomes = await clock.run(Promise.all(calls));
    expect(outcomes.filter((one) => one === 'OVERLOADED')).toHaveLength(2);
    expect(outcomes.filter((one) => one === 'answered')).toHaveLength(LIMITS.callsInFlightMax);
  });

  it('gives each listener a free port, and an address in use to nobody else', async () => {
    const { listen, listener } = await pair();
    const other = await listen('server:0');
    expect(other.endpoint.grpc).not.toBe(listener.endpoint.grpc);
    await expect(listen(listener.endpoint.grpc)).rejects.toThrow('in use');
    await listener.close(0);
    expect((await listen(listener.endpoint.grpc)).endpoint).toEqual(listener.endpoint);
  });
});

/** Channels are made before their peer exists as well. */
it('reaches a peer that starts to listen after the channel was made', async () => {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom(1) });
  const endpoint = { grpc: 'late:1', bulk: '', grpcSocket: '', bulkSocket: '', hostId: '' };
  const channel: Channel = network.transport('client').connect({ endpoint, authorization: () => '' });
  const ask = () => outcome(channel.call('MetadataServer.GetBucket', { bucket: 'b' }));
  expect(await ask()).toBe('UNAVAILABLE');
  const MetadataServer = serviceOf('MetadataServer', { GetBucket: async () => ({ name: 'b', createdMs: 1 }) });
  await network
    .transport('late')
    .listen({ address: 'late:1', services: { MetadataServer }, authenticate: () => cluster });
  expect(await ask()).toBe('answered');
});
