/** Whether anybody listens there at all: found out in seconds, where the client's own patience is made for longer interruptions. */
import * as net from 'node:net';
import { CairnError, type Clock, sleep } from '@cairn/core';
import { splitHostPort } from '../dev/flags.ts';

/** A metadata server that restarts is back sooner than this. */
const PATIENCE_MS = 3000;
const PAUSE_MS = 100;

function connects(address: string, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect({ ...splitHostPort(address), timeout: timeoutMs });
    const settle = (problem: string | undefined) => {
      socket.destroy();
      resolve(problem);
    };
    socket.on('connect', () => settle(undefined));
    socket.on('timeout', () => settle('no answer'));
    socket.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
  });
}

/** @throws UNAVAILABLE when none of the addresses takes a connection within a few seconds. */
export async function ensureReachable(addresses: readonly string[], clock: Clock, signal: AbortSignal): Promise<void> {
  const until = clock.monotonic() + PATIENCE_MS;
  for (;;) {
    const left = Math.max(PAUSE_MS, until - clock.monotonic());
    const problems = await Promise.all(addresses.map((address) => connects(address, left)));
    if (problems.includes(undefined)) return;
    if (clock.monotonic() >= until) {
      const list = addresses.map((address, at) => `${address} (${problems[at]})`).join(', ');
      throw new CairnError('UNAVAILABLE', `the cluster cannot be reached at ${list}`);
    }
    await sleep(clock, PAUSE_MS, signal);
  }
}
