/**
 * Copies that did not verify, or were missing where they should be. Each is reported once and asked last from then on, for as long as a
 * repair may take.
 */
import type { ChunkId, Clock, ErrorCode, NodeId, VolumeId } from '@cairn/core';
import type { MetadataChannel } from '../metadata-channel.ts';
import type { ClientPorts } from '../ports.ts';

const REMEMBERED_MS = 60_000;
const ENTRIES_MAX = 1024;

export interface BadReplica {
  volumeId: VolumeId;
  nodeId: NodeId;
  chunkId: ChunkId;
  code: ErrorCode;
}

export class BadReplicas {
  readonly #metadata: MetadataChannel;
  readonly #clock: Clock;
  readonly #log: ClientPorts['log'];
  readonly #forgetAtMs = new Map<string, number>();

  constructor(metadata: MetadataChannel, ports: ClientPorts) {
    this.#metadata = metadata;
    this.#clock = ports.clock;
    this.#log = ports.log;
  }

  has(nodeId: NodeId, chunkId: ChunkId): boolean {
    if (this.#forgetAtMs.size === 0) return false;
    const name = `${nodeId} ${chunkId}`;
    const forgetAtMs = this.#forgetAtMs.get(name);
    if (forgetAtMs === undefined) return false;
    if (forgetAtMs > this.#clock.monotonic()) return true;
    this.#forgetAtMs.delete(name);
    return false;
  }

  /** Reports it, unless that was done already. Nobody waits for the report. */
  found(bad: BadReplica): void {
    if (this.has(bad.nodeId, bad.chunkId)) return;
    this.#forgetAtMs.set(`${bad.nodeId} ${bad.chunkId}`, this.#clock.monotonic() + REMEMBERED_MS);
    for (const oldest of this.#forgetAtMs.keys()) {
      if (this.#forgetAtMs.size <= ENTRIES_MAX) break;
      this.#forgetAtMs.delete(oldest);
    }
    this.#log.warn(bad, 'a replica of a chunk is bad');
    this.#metadata.call('MetadataServer.ReportChunk', bad).catch((error: unknown) => {
      this.#log.warn({ ...bad, error }, 'a bad replica could not be reported');
    });
  }
}
