/**
 * Keeps one writer's session: opened when first needed, renewed at a third of its time to live, opened anew once the leader has
 * closed it. Reports of failed replicas travel with renewals; reports that come while a renewal is under way share the next one.
 */
import { CairnError, hasCode, LIMITS, type ReplicaFailure, type Timer, toCairnError } from '@cairn/core';
import type { MetadataChannel } from './metadata-channel.ts';
import type { ClientPorts } from './ports.ts';
import { Session } from './session.ts';
import type { VolumeMap } from './volume-map.ts';

const RENEWAL_RETRY_MS = 500;

export interface SessionKeeperOptions {
  metadata: MetadataChannel;
  volumes: VolumeMap;
  ports: ClientPorts;
  /** Called when a session was opened: what was authorised by an older one's token has to be authorised anew. */
  onOpened: () => void;
}

/** An unclosed session only expires: not worth waiting for a leader that is gone. */
const CLOSE_PATIENCE_MS = 1000;

export class SessionKeeper {
  readonly #options: SessionKeeperOptions;
  #session: Session | undefined;
  #opening: Promise<Session> | undefined;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #failures = new Map<string, ReplicaFailure>();
  #ttlMs = 0;
  #isClosed = false;

  constructor(options: SessionKeeperOptions) {
    this.#options = options;
  }

  /** The open session, or undefined when there is none yet: then `ready` opens one. */
  get current(): Session | undefined {
    return this.#session;
  }

  ready(): Promise<Session> {
    if (this.#session !== undefined) return Promise.resolve(this.#session);
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** The leader answered SESSION_NOT_FOUND. */
  lost(session: Session): void {
    session.end();
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#timer?.cancel();
    this.#failures.clear();
  }

  /** Sends the report with a renewal that starts now, or right after the one that runs. */
  report(failure: ReplicaFailure): void {
    if (this.#failures.size < LIMITS.reportsMax) this.#failures.set(`${failure.volumeId} ${failure.nodeId}`, failure);
    this.renew().catch(() => undefined);
  }

  /** Resolves when a renewal that started after this call has been answered. */
  renew(): Promise<void> {
    if (this.#running === undefined) {
      this.#running = this.#renewNow().finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.renew();
      });
    return this.#next;
  }

  /** Tells the leader that nothing more will be committed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const session = this.#session ?? (await this.#opening?.catch(() => undefined));
    if (session === undefined) return;
    this.lost(session);
    const { metadata, ports } = this.#options;
    const patience = new AbortController();
    const timer = ports.clock.schedule(CLOSE_PATIENCE_MS, () => patience.abort());
    await metadata
      .call('MetadataServer.CloseSession', { sessionId: session.id }, patience.signal)
      .catch((error: unknown) => {
        ports.log.warn({ error, sessionId: session.id }, 'a session could not be closed; it will expire');
      });
    timer.cancel();
  }

  async #open(): Promise<Session> {
    if (this.#isClosed) throw new CairnError('CANCELLED', 'the client was closed');
    const { metadata, volumes, onOpened } = this.#options;
    const opened = await metadata.call('MetadataServer.OpenSession', {});
    volumes.learn(opened.grants);
    const session = new Session(opened);
    this.#session = session;
    this.#ttlMs = opened.ttlMs;
    onOpened();
    this.#schedule(this.#ttlMs / 3);
    return session;
  }

  async #renewNow(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    this.#timer?.cancel();
    const { metadata, volumes } = this.#options;
    const renewal = session.beginRenewal();
    const sent = this.#failures;
    this.#failures = new Map();
    try {
      const request = { sessionId: session.id, failures: [...sent.values()] };
      const renewed = await metadata.call('MetadataServer.RenewSession', request);
      volumes.learn(renewed.grants);
      session.renewed(renewal, renewed);
      this.#ttlMs = renewed.ttlMs;
      this.#schedule(this.#ttlMs / 3);
    } catch (error) {
      if (hasCode(error, 'SESSION_NOT_FOUND')) this.lost(session);
      else this.#onRenewalFailed(toCairnError(error), sent);
      throw error;
    }
  }

  /** A leader that has nothing to grant has renewed the lease and heard the reports all the same. */
  #onRenewalFailed(error: CairnError, sent: ReadonlyMap<string, ReplicaFailure>): void {
    const wasHeard = error.code === 'STORAGE_FULL' || error.code === 'WRITE_QUORUM_UNAVAILABLE';
    this.#schedule(wasHeard ? this.#ttlMs / 3 : RENEWAL_RETRY_MS);
    if (wasHeard) return;
    for (const [name, failure] of sent) if (!this.#failures.has(name)) this.#failures.set(name, failure);
  }

  #schedule(delayMs: number): void {
    this.#timer?.cancel();
    if (this.#isClosed || this.#session === undefined) return;
    const { clock, log } = this.#options.ports;
    const renew = () => {
      this.renew().catch((error: unknown) => log.warn({ error }, 'the session could not be renewed'));
    };
    this.#timer = clock.schedule(delayMs, renew, { background: true });
  }
}
