/**
 * A network in memory. Processes have names, listeners have addresses, and everything one process tells another goes through
 * `deliver`, over a directed link that may delay, drop, reorder or be cut. Chance comes from a seed and time from a clock, so a run on
 * a virtual clock replays.
 *
 * A lost message stays lost: as with packets dropped by a firewall, the caller only has its deadline. A crashed process is noticed
 * at once, as the kernel of its machine resets its connections.
 */
import { CairnError } from '../errors.ts';
import { invariant } from '../invariant.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { Transport } from '../ports/transport.ts';
import { MemoryChannel } from './channel.ts';
import { MemoryListener } from './listener.ts';

/** What a link does to messages in one direction. */
export interface LinkFaults {
  /** Each message takes this long, or a time drawn from [least, most]. */
  delayMs?: number | readonly [number, number];
  /** Share of messages that never arrive. */
  dropShare?: number;
  /** Share of messages that may overtake those sent before. */
  reorderShare?: number;
}

interface Link {
  faults: LinkFaults;
  cut: boolean;
  /** When the last message that keeps its place arrives. */
  lastDueMs: number;
}

export interface MemoryNetworkOptions {
  clock: Clock;
  random: Random;
  rpcDeadlineMs?: number;
}

/** One process on the network; a process that starts again is a new one with the old name. */
export interface MemoryProcess {
  readonly name: string;
  alive: boolean;
}

/** Any process, in the faults of a link. */
export const ANY = '*';
const FIRST_FREE_PORT = 20_001;

export class MemoryNetwork {
  readonly clock: Clock;
  readonly rpcDeadlineMs: number;
  readonly #random: Random;
  readonly #links = new Map<string, Link>();
  readonly #listeners = new Map<string, MemoryListener>();
  /** Who listened last at an address: a message needs a link even where nobody answers any more. */
  readonly #namesByAddress = new Map<string, string>();
  readonly #channels = new Set<MemoryChannel>();
  readonly #processes = new Set<MemoryProcess>();
  #nextPort = FIRST_FREE_PORT;

  constructor({ clock, random, rpcDeadlineMs = 5000 }: MemoryNetworkOptions) {
    this.clock = clock;
    this.rpcDeadlineMs = rpcDeadlineMs;
    this.#random = random;
  }

  /** The transport of a fresh process of this name. */
  transport(name: string): Transport {
    const process: MemoryProcess = { name, alive: true };
    this.#processes.add(process);
    return {
      listen: async (options) => {
        if (!process.alive) throw new CairnError('UNAVAILABLE', `${name} has crashed`);
        const address = this.#freeAddress(options.address);
        const listener = new MemoryListener({ network: this, process, address, options });
        this.#listeners.set(address, listener);
        this.#namesByAddress.set(address, name);
        return listener;
      },
      connect: (options) => {
        const channel = new MemoryChannel({ network: this, process, options });
        this.#channels.add(channel);
        return channel;
      },
    };
  }

  /** Replaces what the link from one process to another does to messages. */
  setFaults(from: string, to: string, faults: LinkFaults): void {
    this.#link(from, to).faults = faults;
  }

  /** From now on nothing arrives on this link, messages on their way included. One direction only. */
  cut(from: string, to: string): void {
    this.#link(from, to).cut = true;
  }

  heal(from: string, to: string): void {
    this.#link(from, to).cut = false;
  }

  /** Nothing passes between the two groups, either way. */
  partition(left: readonly string[], right: readonly string[]): void {
    for (const one of left) {
      for (const other of right) {
        this.cut(one, other);
        this.cut(other, one);
      }
    }
  }

  /** Every link is as new: no cut, no delay, no loss. */
  healAll(): void {
    this.#links.clear();
  }

  /** The processes of this name are gone at this moment: nothing they still do is seen by others. */
  crash(name: string): void {
    for (const process of this.#processes) {
      if (process.name !== name) continue;
      process.alive = false;
      this.#processes.delete(process);
    }
    for (const listener of [...this.#listeners.values()]) if (!listener.process.alive) listener.cutAll();
    for (const channel of [...this.#channels]) if (!channel.process.alive) channel.close();
  }

  /** Runs `action` when a message sent now arrives, if it does. */
  deliver(from: string, to: string, action: () => void): void {
    const link = this.#link(from, to);
    const faults = this.#faultsOf(from, to);
    if (this.#isCut(from, to) || this.#happens(faults.dropShare)) return;
    const nowMs = this.clock.monotonic();
    let dueMs = nowMs + this.#drawDelayMs(faults.delayMs);
    if (!this.#happens(faults.reorderShare)) {
      dueMs = Math.max(dueMs, link.lastDueMs);
      link.lastDueMs = dueMs;
    }
    const arrive = () => {
      if (!this.#isCut(from, to)) action();
    };
    if (dueMs <= nowMs) queueMicrotask(arrive);
    else this.clock.schedule(dueMs - nowMs, arrive);
  }

  listenerAt(address: string): MemoryListener | undefined {
    return this.#listeners.get(address);
  }

  /** Who listens at the address, or did last. */
  nameAt(address: string): string {
    return this.#namesByAddress.get(address) ?? address;
  }

  /** Called by a listener that stops to accept. */
  release(listener: MemoryListener): void {
    if (this.#listeners.get(listener.endpoint.grpc) === listener) this.#listeners.delete(listener.endpoint.grpc);
  }

  /** Called by a channel that is closed. */
  forget(channel: MemoryChannel): void {
    this.#channels.delete(channel);
  }

  #freeAddress(wanted: string): string {
    const at = wanted.lastIndexOf(':');
    invariant(at > 0, 'an address is host:port');
    if (wanted.slice(at) !== ':0') {
      if (this.#listeners.has(wanted)) throw new CairnError('CONFIG_INVALID', `${wanted} is in use`);
      return wanted;
    }
    let address: string;
    do {
      address = `${wanted.slice(0, at)}:${this.#nextPort++}`;
    } while (this.#namesByAddress.has(address));
    return address;
  }

  #link(from: string, to: string): Link {
    const name = `${from}\n${to}`;
    const link = this.#links.get(name) ?? { faults: {}, cut: false, lastDueMs: 0 };
    this.#links.set(name, link);
    return link;
  }

  #faultsOf(from: string, to: string): LinkFaults {
    const any = { ...this.#link(ANY, ANY).faults, ...this.#link(ANY, to).faults, ...this.#link(from, ANY).faults };
    return { ...any, ...this.#link(from, to).faults };
  }

  #isCut(from: string, to: string): boolean {
    return [from, ANY].some((source) => [to, ANY].some((target) => this.#link(source, target).cut));
  }

  #happens(share = 0): boolean {
    return share > 0 && this.#random.fraction() < share;
  }

  #drawDelayMs(delayMs: LinkFaults['delayMs'] = 0): number {
    if (typeof delayMs === 'number') return delayMs;
    const [least, most] = delayMs;
    return least + this.#random.fraction() * (most - least);
  }
}
