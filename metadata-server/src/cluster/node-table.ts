/**
 * The nodes of the cluster in leader memory: who they are (a mirror of the node rows), and what this leader has heard of them since it
 * leads. What was heard is not persisted: after a change of leader every node is `joining` until it has registered again.
 */
import type {
  Endpoint,
  FailureDomain,
  HeartbeatRequest,
  NodeId,
  NodeState,
  RegisterNodeRequest,
  Timers,
  VolumeId,
  VolumeReport,
} from '@cairn/core';
import { nodeOfKey } from '../keys.ts';
import { type NodeRow, rows } from '../rows.ts';
import type { StoreKey } from '../store/metadata-store.ts';
import type { AwakeClock } from './awake-clock.ts';
import { isSlowFsync, nodeState } from './membership.ts';

/** What this leader has heard; starts afresh with each registration. */
interface Heard {
  /** By the awake clock, as all times here. */
  lastSeenAt: number;
  usedBytes: number;
  capacityBytes: number;
  readOnly: boolean;
  fsyncP99Ms: number;
  slowSince: number | undefined;
  reports: Map<VolumeId, VolumeReport>;
}

interface Trouble {
  until: number;
  times: number;
}

export interface ClusterNode {
  readonly id: NodeId;
  readonly state: NodeState;
  readonly incarnation: number;
  readonly confirmedIncarnation: number;
  readonly endpoint: Endpoint;
  readonly domain: FailureDomain;
  readonly capacityBytes: number;
  readonly usedBytes: number;
  readonly fsyncP99Ms: number;
  readonly silentForMs: number;
  /** Registered with this leader: what `reports` lacks the node does not have. */
  readonly registered: boolean;
  readonly reports: ReadonlyMap<VolumeId, VolumeReport>;
  readonly troubled: boolean;
}

const NO_REPORTS: ReadonlyMap<VolumeId, VolumeReport> = new Map();
/** Trouble doubles with each repetition up to 2^this times. */
const TROUBLE_DOUBLINGS_MAX = 6;

export class NodeTable {
  readonly #clock: AwakeClock;
  readonly #timers: Timers;
  readonly #leadsSince: number;
  readonly #rows = new Map<NodeId, NodeRow>();
  readonly #heard = new Map<NodeId, Heard>();
  readonly #troubles = new Map<NodeId, Trouble>();
  #lastRegistrationAt = Number.NEGATIVE_INFINITY;

  constructor({ clock, timers }: { clock: AwakeClock; timers: Timers }) {
    this.#clock = clock;
    this.#timers = timers;
    this.#leadsSince = clock.ms;
  }

  get leadsForMs(): number {
    return this.#clock.ms - this.#leadsSince;
  }

  get sinceLastRegistrationMs(): number {
    return this.#clock.ms - this.#lastRegistrationAt;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(id: NodeId): ClusterNode | undefined {
    const row = this.#rows.get(id);
    return row === undefined ? undefined : this.#node(id, row);
  }

  all(): ClusterNode[] {
    return Array.from(this.#rows, ([id, row]) => this.#node(id, row));
  }

  apply(key: StoreKey, value: Uint8Array | undefined): void {
    const id = nodeOfKey(key);
    if (value === undefined) this.#rows.delete(id);
    else this.#rows.set(id, rows.node.decode(value));
  }

  /** The node's registration is durable. */
  registered(request: RegisterNodeRequest): void {
    const now = this.#clock.ms;
    this.#lastRegistrationAt = now;
    this.#troubles.delete(request.nodeId);
    this.#heard.set(request.nodeId, {
      lastSeenAt: now,
      usedBytes: request.usedBytes,
      capacityBytes: request.capacityBytes,
      readOnly: false,
      fsyncP99Ms: 0,
      slowSince: undefined,
      reports: new Map(request.volumes.map((report) => [report.volumeId, report])),
    });
  }

  /** @returns false when the node has not registered with this leader. */
  heartbeat(request: HeartbeatRequest): boolean {
    const heard = this.#heard.get(request.nodeId);
    if (heard === undefined) return false;
    const now = this.#clock.ms;
    heard.lastSeenAt = now;
    heard.usedBytes = request.usedBytes;
    heard.capacityBytes = request.capacityBytes;
    heard.readOnly = request.readOnly;
    heard.fsyncP99Ms = request.fsyncP99Ms;
    const slow = isSlowFsync(request.fsyncP99Ms, this.#medianFsyncMs());
    heard.slowSince = slow ? (heard.slowSince ?? now) : undefined;
    for (const report of request.volumes) heard.reports.set(report.volumeId, report);
    return true;
  }

  /** What an answer of the node itself said of one of its replicas. */
  reported(id: NodeId, report: VolumeReport): void {
    this.#heard.get(id)?.reports.set(report.volumeId, report);
  }

  /** A write or a command to the node failed: placement avoids it for a while, longer each time. */
  trouble(id: NodeId): void {
    const now = this.#clock.ms;
    const before = this.#troubles.get(id);
    if (before !== undefined && before.until > now) return;
    const times = Math.min((before?.times ?? 0) + 1, TROUBLE_DOUBLINGS_MAX);
    this.#troubles.set(id, { times, until: now + this.#timers.suspectAfterMs * 2 ** (times - 1) });
  }

  /** The node did what was asked of it. */
  untroubled(id: NodeId): void {
    this.#troubles.delete(id);
  }

  #medianFsyncMs(): number {
    const sorted = Array.from(this.#heard.values(), ({ fsyncP99Ms }) => fsyncP99Ms).sort((a, b) => a - b);
    return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  }

  #node(id: NodeId, row: NodeRow): ClusterNode {
    const now = this.#clock.ms;
    const heard = this.#heard.get(id);
    const silentForMs = now - (heard?.lastSeenAt ?? this.#leadsSince);
    const observation = {
      registered: heard !== undefined,
      silentForMs,
      readOnly: heard?.readOnly ?? false,
      usedBytes: heard?.usedBytes ?? 0,
      capacityBytes: heard?.capacityBytes ?? row.capacityBytes,
      slowForMs: heard?.slowSince === undefined ? 0 : now - heard.slowSince,
    };
    return {
      id,
      state: nodeState(observation, this.#timers),
      incarnation: row.incarnation,
      confirmedIncarnation: row.confirmedIncarnation,
      endpoint: row.endpoint,
      domain: row.domain,
      capacityBytes: observation.capacityBytes,
      usedBytes: observation.usedBytes,
      fsyncP99Ms: heard?.fsyncP99Ms ?? 0,
      silentForMs,
      registered: observation.registered,
      reports: heard?.reports ?? NO_REPORTS,
      troubled: (this.#troubles.get(id)?.until ?? 0) > now,
    };
  }
}
