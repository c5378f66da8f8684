/** Calls whichever metadata server leads: the list is walked from the one that answered last. */
import {
  type CallOptions,
  type Channel,
  endpointOf,
  hasCode,
  type MethodName,
  type RequestOf,
  type ResponseOf,
  type Transport,
} from '@cairn/core';

export interface LeaderChannelOptions {
  transport: Transport;
  addresses: readonly string[];
  authorization: () => string;
}

export class LeaderChannel {
  readonly #channels: Channel[];
  #current = 0;

  constructor({ transport, addresses, authorization }: LeaderChannelOptions) {
    this.#channels = addresses.map((address) => transport.connect({ endpoint: endpointOf(address), authorization }));
  }

  /** Asks each server once at most. @throws What the last one said when none could answer. */
  async call<M extends MethodName>(method: M, request: RequestOf<M>, options: CallOptions): Promise<ResponseOf<M>> {
    let last: unknown;
    for (let tried = 0; tried < this.#channels.length; tried++) {
      const channel = this.#channels[this.#current] as Channel;
      try {
        return await channel.call(method, request, options);
      } catch (thrown) {
        if (!hasCode(thrown, 'LEADER_UNKNOWN', 'UNAVAILABLE', 'DEADLINE_EXCEEDED')) throw thrown;
        last = thrown;
        this.skip();
      }
    }
    throw last;
  }

  /** The next call starts with the next server. */
  skip(): void {
    this.#current = (this.#current + 1) % this.#channels.length;
  }

  close(): void {
    for (const channel of this.#channels) channel.close();
  }
}
