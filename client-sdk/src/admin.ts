/** What an operator asks the leader. */
import type { GetStatusResponse, NodeInfo, VolumeInfo } from '@cairn/core';
import type { MetadataChannel } from './metadata-channel.ts';

export class Admin {
  readonly #metadata: MetadataChannel;

  constructor(metadata: MetadataChannel) {
    this.#metadata = metadata;
  }

  status(): Promise<GetStatusResponse> {
    return this.#metadata.call('MetadataServer.GetStatus', {});
  }

  async nodes(): Promise<NodeInfo[]> {
    return (await this.#metadata.call('MetadataServer.ListNodes', {})).nodes;
  }

  async volumes(): Promise<VolumeInfo[]> {
    return (await this.#metadata.call('MetadataServer.ListVolumes', {})).volumes;
  }
}
