/**
 * One channel per storage node endpoint, shared by all reads and writes. A node that restarts comes back at another endpoint, so
 * channels that nobody used for a whole sweep are closed; that is longer than any call lasts, so no call is cut.
 */
import type { Channel, Clock, Endpoint, Timer, Transport } from '@cairn/core';

const SWEEP_MS = 60_000;

interface Entry {
  readonly endpoint: Endpoint;
  readonly channel: Channel;
  wasUsed: boolean;
}

export interface NodeChannelsOptions {
  clock: Clock;
  transport: Transport;
  authorization: () => string;
}

export class NodeChannels {
  readonly #options: NodeChannelsOptions;
  readonly #entries = new Map<string, Entry>();
  /** Replaced ones, closed by the next sweep, when their calls have ended. */
  #retired: Channel[] = [];
  #leaving: Channel[] = [];
  #sweep: Timer;

  constructor(options: NodeChannelsOptions) {
    this.#options = options;
    this.#sweep = this.#scheduleSweep();
  }

  to(endpoint: Endpoint): Channel {
    const known = this.#entries.get(endpoint.grpc);
    if (known !== undefined && (known.endpoint === endpoint || sameOffers(known.endpoint, endpoint))) {
      known.wasUsed = true;
      return known.channel;
    }
    if (known !== undefined) this.#retired.push(known.channel);
    const { transport, authorization } = this.#options;
    const channel = transport.connect({ endpoint, authorization });
    this.#entries.set(endpoint.grpc, { endpoint, channel, wasUsed: true });
    return channel;
  }

  /** Connects anew from the next call on, with credentials that are asked for again. */
  reset(): void {
    for (const { channel } of this.#entries.values()) this.#retired.push(channel);
    this.#entries.clear();
  }

  close(): void {
    this.#sweep.cancel();
    this.reset();
    for (const channel of [...this.#leaving, ...this.#retired]) channel.close();
    this.#leaving = [];
    this.#retired = [];
  }

  #scheduleSweep(): Timer {
    return this.#options.clock.schedule(SWEEP_MS, () => this.#sweepNow(), { background: true });
  }

  #sweepNow(): void {
    for (const channel of this.#leaving) channel.close();
    this.#leaving = this.#retired;
    this.#retired = [];
    for (const [address, entry] of this.#entries) {
      if (!entry.wasUsed) {
        this.#entries.delete(address);
        entry.channel.close();
      }
      entry.wasUsed = false;
    }
    this.#sweep = this.#scheduleSweep();
  }
}

function sameOffers(left: Endpoint, right: Endpoint): boolean {
  return (
    left.bulk === right.bulk &&
    left.grpcSocket === right.grpcSocket &&
    left.bulkSocket === right.bulkSocket &&
    left.hostId === right.hostId
  );
}
