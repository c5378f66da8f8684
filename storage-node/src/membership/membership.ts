/**
 * The node's standing in the cluster: registers, then heartbeats, and registers again when a leader does not know it. Between an
 * answered heartbeat and `fenceAfterMs` later the node takes writes; a node that cannot be heard must assume that others have taken its
 * place. Standing is judged by when a heartbeat was *sent*, so a process that was stopped wakes up fenced.
 *
 *   joining --registered--> member --no answer for fenceAfterMs--> fenced (answers bring it back)
 *   any --INCARNATION_STALE, CLUSTER_MISMATCH--> ended: the process must end
 */
import {
  CairnError,
  type Clock,
  type Endpoint,
  failpoint,
  type HeartbeatRequest,
  hasCode,
  type Log,
  type NodeOrder,
  type Random,
  type RegisterNodeRequest,
  type RegisterNodeResponse,
  sleep,
  type Timers,
  toCairnError,
  type VolumeReport,
} from '@cairn/core';
import type { Identity } from './identity.ts';
import type { LeaderChannel } from './leader-channel.ts';

/** What a heartbeat says of the node besides its volumes. */
export type Vitals = Pick<HeartbeatRequest, 'capacityBytes' | 'usedBytes' | 'readOnly' | 'fsyncP99Ms'>;

/** Reports to send, and what to call once they have been answered. */
export interface Inventory {
  reports: VolumeReport[];
  answered: () => void;
}

export interface MembershipOptions {
  clock: Clock;
  random: Random;
  log: Log;
  timers: Timers;
  identity: Identity;
  leader: LeaderChannel;
  endpoint: Endpoint;
  domain: RegisterNodeRequest['domain'];
  vitals: () => Promise<Vitals>;
  /** `all` for a registration, else those that changed since they were last answered. */
  inventory: (which: 'all' | 'changed') => Inventory;
  carryOut: (order: NodeOrder) => Promise<void>;
  /** The node must not go on. */
  onEnd: (reason: CairnError) => void;
}

const BACKOFF_MIN_MS = 100;
const BACKOFF_MAX_MS = 5000;

export class Membership {
  readonly #options: MembershipOptions;
  readonly #stopping = new AbortController();
  #terms: Pick<RegisterNodeResponse, 'heartbeatIntervalMs' | 'fenceAfterMs'> | undefined;
  /** When the last request that was answered was sent. */
  #heardAtMs = 0;
  #ended: CairnError | undefined;
  #lastError = '';
  #loop: Promise<void> = Promise.resolve();
  #resting = new AbortController();

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** The leader should hear something now and not only with the next heartbeat. */
  wake(): void {
    this.#resting.abort();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#resting.abort();
    await this.#loop;
  }

  /** Why the node takes no writes, or undefined. Called for each put. */
  refusal(): string | undefined {
    if (this.#ended !== undefined) return this.#ended.message;
    if (this.#terms === undefined) return `not registered with a metadata server yet${this.#lastError}`;
    const silentMs = this.#options.clock.monotonic() - this.#heardAtMs;
    if (silentMs > this.#terms.fenceAfterMs) {
      return `no heartbeat was answered for ${Math.round(silentMs / 1000)} s: others may have taken over`;
    }
    return undefined;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted && this.#ended === undefined) {
      await this.#register();
      while (!signal.aborted && this.#ended === undefined) {
        await this.#pause(this.#terms?.heartbeatIntervalMs ?? BACKOFF_MIN_MS);
        if (signal.aborted || (await this.#heartbeat()) === 'unknown') break;
      }
    }
  }

  /** Tries until it succeeds, forever. */
  async #register(): Promise<void> {
    const { log, random, leader } = this.#options;
    for (let attempt = 0; !this.#stopping.signal.aborted; attempt++) {
      try {
        return await this.#registerOnce();
      } catch (thrown) {
        if (this.#stopping.signal.aborted || this.#endsWith(thrown)) return;
        this.#lastError = `: ${(thrown as Error).message}`;
        if (attempt === 0 || attempt % 10 === 9) log.warn({ err: thrown, attempt }, 'cannot register yet');
        leader.skip();
        const backoffMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** attempt);
        await this.#pause(backoffMs * (0.5 + random.fraction() / 2));
      }
    }
  }

  async #registerOnce(): Promise<void> {
    const { clock, identity, leader, timers, endpoint, domain, inventory, vitals, log } = this.#options;
    const { capacityBytes, usedBytes } = await vitals();
    const { reports, answered } = inventory('all');
    const { clusterId, nodeId, incarnation } = identity;
    const sentAtMs = clock.monotonic();
    const answer = await leader.call(
      'MetadataServer.RegisterNode',
      { clusterId, nodeId, incarnation, endpoint, domain, capacityBytes, usedBytes, volumes: reports },
      { deadlineMs: 6 * timers.rpcDeadlineMs, signal: this.#stopping.signal },
    );
    await identity.registered(answer);
    failpoint('register.afterCommit');
    answered();
    await this.#carryOut(answer.orders);
    this.#terms = answer;
    this.#heardAtMs = sentAtMs;
    log.info({ nodeId, incarnation: identity.incarnation, epoch: identity.epoch }, 'registered');
  }

  async #heartbeat(): Promise<'known' | 'unknown'> {
    const { clock, identity, leader, timers, inventory, vitals, log } = this.#options;
    try {
      const measured = await vitals();
      const { reports, answered } = inventory('changed');
      const { nodeId, incarnation } = identity;
      const sentAtMs = clock.monotonic();
      const answer = await leader.call(
        'MetadataServer.Heartbeat',
        { nodeId, incarnation, ...measured, volumes: reports },
        { deadlineMs: timers.rpcDeadlineMs, signal: this.#stopping.signal },
      );
      await identity.acceptEpoch(answer.epoch);
      answered();
      this.#heardAtMs = sentAtMs;
      await this.#carryOut(answer.orders);
    } catch (thrown) {
      if (this.#stopping.signal.aborted || this.#endsWith(thrown)) return 'known';
      log.warn({ err: thrown }, 'a heartbeat was not answered');
      if (hasCode(thrown, 'NODE_UNKNOWN')) return 'unknown';
      leader.skip();
    }
    return 'known';
  }

  async #carryOut(orders: readonly NodeOrder[]): Promise<void> {
    const { carryOut, log } = this.#options;
    for (const order of orders) {
      try {
        await carryOut(order);
      } catch (thrown) {
        // The next heartbeat shows the leader that it was not done.
        log.warn({ err: thrown, order }, 'an order was not carried out');
      }
    }
  }

  /** Whether the error means that this process has no place in the cluster any more. */
  #endsWith(thrown: unknown): boolean {
    const { log, onEnd, identity } = this.#options;
    if (!hasCode(thrown, 'INCARNATION_STALE', 'CLUSTER_MISMATCH')) return false;
    const { code } = toCairnError(thrown);
    const words =
      code === 'INCARNATION_STALE'
        ? `another process, or another copy of this data folder, has taken over as node ${identity.nodeId}`
        : `the data folder belongs to another cluster than the metadata servers that were named`;
    this.#ended = new CairnError(code, `${words}: this process ends (${(thrown as Error).message})`, { cause: thrown });
    log.error({ err: this.#ended }, 'the node has no place in the cluster');
    onEnd(this.#ended);
    return true;
  }

  async #pause(delayMs: number): Promise<void> {
    this.#resting = new AbortController();
    if (this.#stopping.signal.aborted) return;
    await sleep(this.#options.clock, delayMs, this.#resting.signal).catch(() => undefined);
  }
}
