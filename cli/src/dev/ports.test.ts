/** Free ports. */
import { once } from 'node:events';
import * as net from 'node:net';
import { realRandom } from '@cairn/core';
import { afterEach, describe, expect, it } from 'vitest';
import { PortChooser, probePort } from './ports.ts';

const servers: net.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listener(options: object = {}): Promise<number> {
  const server = net.createServer();
  servers.push(server);
  server.listen({ host: '127.0.0.1', port: 0, ...options });
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}

describe('probePort', () => {
  it('notices a listener, also one that shares its port', async () => {
    expect(await probePort('127.0.0.1', await listener())).toEqual({ code: 'EADDRINUSE' });
    expect(await probePort('127.0.0.1', await listener({ reusePort: true }))).toEqual({ code: 'EADDRINUSE' });
  });

  it('leaves the port free', async () => {
    const first = await probePort('127.0.0.1', 0);
    expect(first).toHaveProperty('port');
    if ('port' in first) expect(await probePort('127.0.0.1', first.port)).toEqual(first);
  });

  it('says why a strange host cannot be listened on', async () => {
    expect(await probePort('203.0.113.1', 1)).toHaveProperty('code');
  });
});

describe('PortChooser', () => {
  it('never gives a port twice and stays below the outgoing range', async () => {
    const chooser = new PortChooser('127.0.0.1', realRandom);
    const ports: number[] = [];
    for (let n = 0; n < 20; n++) ports.push(await chooser.choose());
    expect(new Set(ports).size).toBe(20);
    expect(Math.max(...ports)).toBeLessThan(32_768);
  });

  it('takes the remembered port when it is free and another one when it is not', async () => {
    const chooser = new PortChooser('127.0.0.1', realRandom);
    const free = await new PortChooser('127.0.0.1', realRandom).choose();
    expect(await chooser.choose(free)).toBe(free);
    expect(await chooser.choose(free)).not.toBe(free);
    const taken = await listener();
    expect(await chooser.choose(taken)).not.toBe(taken);
  });
});
