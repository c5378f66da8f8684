/** One channel to each node, made when it is first needed and again when the node has a new address. */
import {
  CairnError,
  type Channel,
  type Clock,
  clusterAuthorization,
  type Endpoint,
  type NodeId,
  type Random,
  type Transport,
} from '@cairn/core';

export interface NodeChannelsOptions {
  transport: Transport;
  clusterSecret: string;
  clock: Clock;
  random: Random;
}

export class NodeChannels {
  readonly #options: NodeChannelsOptions;
  readonly #channels = new Map<NodeId, { address: string; channel: Channel }>();
  #closed = false;

  constructor(options: NodeChannelsOptions) {
    this.#options = options;
  }

  /** @throws CANCELLED after `close`. */
  to({ id, endpoint }: { id: NodeId; endpoint: Endpoint }): Channel {
    if (this.#closed) throw new CairnError('CANCELLED', 'this server no longer leads');
    const address = JSON.stringify(endpoint);
    const known = this.#channels.get(id);
    if (known?.address === address) return known.channel;
    known?.channel.close();
    const { transport, clusterSecret, clock, random } = this.#options;
    const authorization = () => clusterAuthorization(clusterSecret, { clock, random });
    const channel = transport.connect({ endpoint, authorization });
    this.#channels.set(id, { address, channel });
    return channel;
  }

  close(): void {
    this.#closed = true;
    for (const { channel } of this.#channels.values()) channel.close();
    this.#channels.clear();
  }
}
