/** The caller's side of packed travel: calls on an Exchange stream that is opened when it is needed and again when it broke. */
import { CairnError, type ServiceName } from '@cairn/core';
import { type Client, Metadata } from '@grpc/grpc-js';
import { exchangePath } from '../message/methods.ts';
import { type CallRequest, ClientStream } from './client-stream.ts';

const asIs = (bytes: Buffer): Buffer => bytes;

interface ExchangeOptions {
  client: Client;
  service: ServiceName;
  authorization: () => string;
}

export class Exchange {
  readonly #options: ExchangeOptions;
  #stream: ClientStream | undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  call(request: CallRequest): Promise<unknown> {
    if (!this.#stream?.open) this.#stream = this.#openStream();
    return this.#stream.call(request);
  }

  close(): void {
    this.#stream?.destroy(new CairnError('UNAVAILABLE', 'the channel is closed'));
  }

  #openStream(): ClientStream {
    const { client, service, authorization } = this.#options;
    const metadata = new Metadata();
    metadata.set('authorization', authorization());
    return new ClientStream(client.makeBidiStreamRequest(exchangePath(service), asIs, asIs, metadata));
  }
}
