/**
 * The metadata server: opens the store, listens, waits for the lease and leads. Until then, and after the lease is lost, every call is
 * answered LEADER_UNKNOWN. A failed commit or a lost lease ends the role: what is durable is for the next leader to read.
 */
import {
  authenticator,
  CairnError,
  type Endpoint,
  type Listener,
  type MetricSample,
  type RolePorts,
  type RunningRole,
  sleep,
  type Timers,
  toCairnError,
} from '@cairn/core';
import { deriveConfig, type MetadataServerConfig } from './config.ts';
import { metadataServerHandlers } from './handlers/service.ts';
import { type Leader, startLeading } from './leader.ts';
import { metricsOf } from './metrics.ts';
import type { Lease, MetadataStore } from './store/metadata-store.ts';
import { openMetadataStore } from './store/open-metadata-store.ts';

/** A server that is alone leads at once: its start waits this long for it, so that it is ready when the start returns. */
const FIRST_LEASE_WAIT_MS = 1000;

export type RunningMetadataServer = RunningRole & { readonly endpoint: Endpoint };

/** Errors: CONFIG_INVALID, DATA_DIR_LOCKED, METADATA_DAMAGED, and what listening throws. */
export async function startMetadataServer(
  given: MetadataServerConfig,
  ports: RolePorts,
): Promise<RunningMetadataServer> {
  const { config, timers } = deriveConfig(given);
  const { clock, disk, log } = ports;
  if (config.writeQuorum === 1) {
    log.warn(
      { replicas: config.replicas },
      'with writeQuorum 1 one lost disk loses acknowledged bytes: for development only',
    );
  }
  const store = await openMetadataStore(config.metadataStore, { dataDir: config.dataDir, disk, clock, log });
  const server = new MetadataServer({ config, timers, ports, store });
  try {
    await server.start();
    return server;
  } catch (error) {
    await server.close();
    throw error;
  }
}

interface MetadataServerOptions {
  config: MetadataServerConfig;
  timers: Timers;
  ports: RolePorts;
  store: MetadataStore;
}

class MetadataServer implements RunningMetadataServer {
  readonly failed: Promise<Error>;
  readonly #options: MetadataServerOptions;
  #fail: (error: Error) => void = () => undefined;
  #listener: Listener | undefined;
  /** Set only while calls may be answered. */
  #leader: Leader | undefined;
  /** Set from the start of leading until the end, also after a failure. */
  #stopLeading: () => Promise<void> = async () => undefined;
  #lease: Lease | undefined;
  #leading: Promise<void> = Promise.resolve();
  #whyNotLeading = 'it waits for the lease of the leader';
  #closing = false;

  constructor(options: MetadataServerOptions) {
    this.#options = options;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  get endpoint(): Endpoint {
    if (this.#listener === undefined) throw new CairnError('UNAVAILABLE', 'the metadata server does not listen yet');
    return this.#listener.endpoint;
  }

  get address(): string {
    return this.endpoint.grpc;
  }

  notReady(): string | undefined {
    return this.#leader === undefined ? this.#whyNotLeading : undefined;
  }

  metrics(): MetricSample[] {
    return metricsOf(this.#leader);
  }

  /** Listens, and gives the lease a moment. */
  async start(): Promise<void> {
    const { config, ports } = this.#options;
    const { accessKey, secretKey, clusterSecret } = config;
    this.#listener = await ports.transport.listen({
      address: config.listen,
      socketDir: config.socketDir,
      services: { MetadataServer: metadataServerHandlers(() => this.#mustLead()) },
      authenticate: authenticator({
        clock: ports.clock,
        clusterSecret,
        secretKeyOf: (known) => (known === accessKey ? secretKey : undefined),
      }),
    });
    this.#leading = this.#lead().catch((error: unknown) => this.#end(toCairnError(error)));
    const patience = new AbortController();
    const waited = sleep(ports.clock, FIRST_LEASE_WAIT_MS, patience.signal).catch(() => undefined);
    await Promise.race([this.#leading, waited]);
    patience.abort();
  }

  /** Lets running calls end, then gives up the lease, so that a standby takes over at once. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    await this.#listener?.close(this.#options.timers.rpcDeadlineMs);
    this.#leader = undefined;
    this.#whyNotLeading = 'it is stopping';
    await this.#stopLeading();
    await this.#lease?.release();
    await this.#options.store.close();
    await this.#leading;
  }

  #mustLead(): Leader {
    if (this.#leader === undefined)
      throw new CairnError('LEADER_UNKNOWN', `this server does not lead: ${this.#whyNotLeading}`);
    return this.#leader;
  }

  async #lead(): Promise<void> {
    const { config, timers, ports, store } = this.#options;
    const lease = await store.acquireLease(this.address);
    if (this.#closing) return lease.release();
    this.#lease = lease;
    const leader = await startLeading({ config, timers, ports, store, lease, address: this.address });
    if (this.#closing) return leader.stop();
    this.#stopLeading = () => leader.stop();
    this.#leader = leader;
    void leader.executor.failed.then((error) => this.#end(error));
    void lease.lost.then(() => this.#end(new CairnError('EPOCH_STALE', 'the lease of the leader was lost')));
    ports.log.info({ epoch: lease.epoch, cluster: leader.clusterId, address: this.address }, 'leading');
  }

  /** Nothing more is answered, reads included: another server may lead already. */
  #end(error: Error): void {
    if (this.#closing) return;
    this.#leader = undefined;
    this.#whyNotLeading = `it has failed: ${error.message}`;
    this.#options.ports.log.error({ error }, 'the metadata server cannot go on');
    this.#fail(error);
  }
}
