/** A client of a cluster: the parts that all its operations share, put together once. */
import {
  type BucketInfo,
  type CommitResponse,
  type ObjectVersion,
  TIMER_PROFILES,
  type VolumeLocation,
} from '@cairn/core';
import { Admin } from './admin.ts';
import { Bucket, type BucketContext } from './bucket.ts';
import { Commits } from './commits.ts';
import { MetadataChannel } from './metadata-channel.ts';
import { NodeChannels } from './node-channels.ts';
import { NodeHealth } from './node-health.ts';
import { checkKey } from './object-key.ts';
import type { ClientPorts, Tuning } from './ports.ts';
import { BadReplicas } from './read/bad-replicas.ts';
import { ChunkReader } from './read/chunk-reader.ts';
import { ObjectReader } from './read/get.ts';
import { SessionKeeper } from './session-keeper.ts';
import { VolumeMap } from './volume-map.ts';
import { ChunkWriter } from './write/chunk-writer.ts';
import { WriteMemory } from './write/write-memory.ts';

export interface ConnectCairnOptions extends Partial<Tuning> {
  /** `host:port` of each metadata server. */
  metadata: readonly string[];
  /** Proves to metadata servers who this is; asked again for every new connection. */
  authorization: () => string;
  /**
   * How storage nodes know this client: by the same proof, which only a process of the cluster can make, or by the token of its session.
   */
  nodesKnowBy?: 'authorization' | 'session';
  ports: ClientPorts;
}

/** What `explain` found out about an object. */
export interface Explanation {
  version: ObjectVersion;
  /** Of every volume that holds one of its chunks. */
  volumes: VolumeLocation[];
}

/** Bytes that a client holds at the moment. Both are bounded by LIMITS. */
export interface ClientMemory {
  writeBytes: number;
  readAheadBytes: number;
}

export class CairnClient {
  readonly admin: Admin;
  readonly #metadata: MetadataChannel;
  readonly #nodes: NodeChannels;
  readonly #volumes: VolumeMap;
  readonly #sessions: SessionKeeper;
  readonly #commits: Commits;
  readonly #memory = new WriteMemory();
  readonly #reader: ObjectReader;
  readonly #context: BucketContext;

  constructor(options: ConnectCairnOptions) {
    const { ports, metadata: addresses, authorization, nodesKnowBy = 'authorization' } = options;
    const tuning = tuningOf(options);
    const { rpcDeadlineMs } = tuning;
    const bySession = nodesKnowBy === 'session';
    const metadata = new MetadataChannel({ addresses, authorization, ports, rpcDeadlineMs });
    const health = new NodeHealth(ports.clock);
    const volumes = new VolumeMap(metadata, ports.clock);
    const nodes = new NodeChannels({
      clock: ports.clock,
      transport: ports.transport,
      authorization: () => (bySession ? (sessions.current?.token ?? '') : authorization()),
    });
    const onOpened = () => {
      if (bySession) nodes.reset();
    };
    const sessions = new SessionKeeper({ metadata, volumes, ports, onOpened });
    const authorize = async (renew: boolean) => {
      if (!bySession) return;
      await sessions.ready();
      if (!renew) return;
      await sessions.renew();
      nodes.reset();
    };
    const bad = new BadReplicas(metadata, ports);
    const chunks = new ChunkWriter({ ports, nodes, health, sessions, rpcDeadlineMs });
    this.#commits = new Commits(metadata, sessions);
    this.#reader = new ObjectReader(
      metadata,
      new ChunkReader({ ports, tuning, nodes, health, volumes, bad, authorize }),
    );
    this.#metadata = metadata;
    this.#nodes = nodes;
    this.#volumes = volumes;
    this.#sessions = sessions;
    this.admin = new Admin(metadata);
    const writing = { sessions, commits: this.#commits, chunks, memory: this.#memory };
    this.#context = { metadata, commits: this.#commits, writing, reader: this.#reader };
  }

  bucket(name: string): Bucket {
    return new Bucket(name, this.#context);
  }

  /** @throws BUCKET_ALREADY_EXISTS, BUCKET_NAME_INVALID */
  createBucket(bucket: string): Promise<CommitResponse> {
    return this.#commits.commitAnywhere({ createBucket: { bucket } });
  }

  /** @throws BUCKET_NOT_FOUND, BUCKET_NOT_EMPTY */
  deleteBucket(bucket: string): Promise<CommitResponse> {
    return this.#commits.commitAnywhere({ deleteBucket: { bucket } });
  }

  /** @throws BUCKET_NOT_FOUND */
  headBucket(bucket: string): Promise<BucketInfo> {
    return this.#metadata.call('MetadataServer.GetBucket', { bucket });
  }

  async listBuckets(): Promise<BucketInfo[]> {
    return (await this.#metadata.call('MetadataServer.ListBuckets', {})).buckets;
  }

  /** Where each byte of an object lies. @throws BUCKET_NOT_FOUND, OBJECT_NOT_FOUND */
  async explain(bucket: string, key: string): Promise<Explanation> {
    checkKey(key);
    const version = await this.#reader.version({ bucket, key });
    const volumeIds = [...new Set(version.chunks.map(({ volumeId }) => volumeId))];
    return { version, volumes: await Promise.all(volumeIds.map((volumeId) => this.#volumes.refresh(volumeId))) };
  }

  get memory(): ClientMemory {
    return { writeBytes: this.#memory.usedBytes, readAheadBytes: this.#reader.aheadBytes };
  }

  /** Ends the session and the connections. Operations that still run fail. */
  async close(): Promise<void> {
    await this.#sessions.close();
    this.#metadata.close();
    this.#nodes.close();
  }
}

/** The client that Cairn's own processes use; everyone else makes a `Cairn`. */
export function connectCairn(options: ConnectCairnOptions): CairnClient {
  return new CairnClient(options);
}

function tuningOf(options: Partial<Tuning>): Tuning {
  const { hedgeAfterMs, rpcDeadlineMs } = TIMER_PROFILES.production;
  return {
    hedgeAfterMs: options.hedgeAfterMs ?? hedgeAfterMs,
    rpcDeadlineMs: options.rpcDeadlineMs ?? rpcDeadlineMs,
    hostId: options.hostId ?? '',
  };
}
