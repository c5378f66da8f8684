/**
 * Free ports for the listeners between the processes. They are chosen below the range that the kernel hands out to outgoing
 * connections, so that a role that restarts finds its port still free, and remembered ones are taken again where they can be.
 */
import * as net from 'node:net';
import { CairnError, type Random } from '@cairn/core';

const PORT_FROM = 20_000;
const PORT_TO = 32_000;
const TRIES_MAX = 500;

/** undefined when a process may listen there; else the system's code, for example EADDRINUSE. */
export function probePort(host: string, port: number): Promise<{ port: number } | { code: string }> {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve({ code: error.code ?? error.message }));
    probe.listen({ host, port, exclusive: true }, () => {
      const taken = (probe.address() as net.AddressInfo).port;
      probe.close(() => resolve({ port: taken }));
    });
  });
}

async function isFree(host: string, port: number): Promise<boolean> {
  return 'port' in (await probePort(host, port));
}

export class PortChooser {
  readonly #host: string;
  readonly #random: Random;
  readonly #taken = new Set<number>();

  constructor(host: string, random: Random) {
    this.#host = host;
    this.#random = random;
  }

  /** The remembered port if it is free, else another one that this chooser has not handed out. */
  async choose(remembered?: number): Promise<number> {
    if (remembered !== undefined && (await this.#take(remembered))) return remembered;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const port = PORT_FROM + Math.floor(this.#random.fraction() * (PORT_TO - PORT_FROM));
      if (await this.#take(port)) return port;
    }
    throw new CairnError('CONFIG_INVALID', `no free port was found on ${this.#host} from ${PORT_FROM} to ${PORT_TO}`);
  }

  async #take(port: number): Promise<boolean> {
    if (this.#taken.has(port) || !(await isFree(this.#host, port)) || this.#taken.has(port)) return false;
    this.#taken.add(port);
    return true;
  }
}
