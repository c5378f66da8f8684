/**
 * One simulated machine: a disk that outlives its processes, a wall clock that may be wrong, and a supervisor that starts the role
 * again whenever its process ends.
 */
import { CairnError, type Random, type RolePorts, type RunningRole, toCairnError } from '@cairn/core';
import { MemoryDisk, type MemoryNetwork, type SeededRandom, type VirtualClock } from '@cairn/core/testing';
import { MemoryIndexStore } from '@cairn/storage-node';
import type { Events } from './events.ts';
import { fencedIndex } from './fenced-index.ts';
import { ProcessClock, slowDisk } from './process.ts';

export const DISK_BYTES = 2 ** 30;
const DELAYS = { writeMs: [0.05, 0.5], syncMs: [0.1, 3] } as const;
const RESTART_AFTER_FAILURE_MS = 300;
/** Writes of an index that a power cut may take back. */
const INDEX_WRITES_LOST_MAX = 5;

/** With these a role says that its data is lost or not its own. Nothing that a simulation does to it justifies that. */
const NEVER: readonly string[] = ['METADATA_DAMAGED', 'DATA_DIR_MISMATCH', 'CLUSTER_MISMATCH', 'INCARNATION_STALE'];

export type MachinePorts = RolePorts & { openIndex: () => Promise<ReturnType<MemoryIndexStore['open']>> };

export interface MachineOptions {
  name: string;
  time: VirtualClock;
  network: MemoryNetwork;
  random: SeededRandom;
  events: Events;
  start: (ports: MachinePorts) => Promise<RunningRole>;
  /** See SlowDiskOptions. */
  diskLies: boolean;
  /** Something happened that no fault explains. */
  violated: (what: string) => void;
}

export interface KillOptions {
  /** Only the process dies, or the power of the machine goes, with or without a part of what was not synced surviving. */
  power?: 'stays' | 'cut' | 'torn';
}

export class Machine {
  readonly name: string;
  /** How far the wall clock is ahead. */
  skewMs = 0;
  disk: MemoryDisk;
  readonly #options: MachineOptions;
  readonly #random: SeededRandom;
  readonly #index = new MemoryIndexStore();
  #clock: ProcessClock | undefined;
  #role: RunningRole | undefined;
  #wantedUp = false;
  #starts = 0;

  constructor(options: MachineOptions) {
    this.name = options.name;
    this.#options = options;
    this.#random = options.random.fork(options.name);
    this.disk = new MemoryDisk({ random: this.#random.fork('disk'), capacityBytes: DISK_BYTES });
  }

  /** Whether its process runs and takes calls. */
  get isReady(): boolean {
    return this.#role !== undefined && this.#role.notReady() === undefined;
  }

  get isUp(): boolean {
    return this.#wantedUp;
  }

  /** Starts the role, again and again until it runs. */
  async start(): Promise<void> {
    this.#wantedUp = true;
    const { name, time, network, start, events, diskLies: lies } = this.#options;
    this.#starts += 1;
    const clock = new ProcessClock(time, () => this.skewMs);
    this.#clock = clock;
    const random: Random = this.#random.fork(`process ${this.#starts}`);
    const disk = slowDisk(this.disk, { clock, random, delays: DELAYS, lies });
    const openIndex = async () => fencedIndex(this.#index.open(), clock);
    const ports = { clock, random, disk, openIndex, transport: network.transport(name), log: events.logOf(name) };
    try {
      const role = await start(ports);
      if (clock.isDead) return;
      this.#role = role;
      void role.failed.then((error) => this.#ended(clock, error));
    } catch (thrown) {
      this.#ended(clock, toCairnError(thrown));
    }
  }

  /** Ends the process at this moment. It stays down until `start`. */
  kill({ power = 'stays' }: KillOptions = {}): void {
    this.#wantedUp = false;
    this.#clock?.kill();
    this.#role = undefined;
    this.#options.network.crash(this.name);
    if (power !== 'stays' && !this.disk.isOff) this.disk.powerCut({ torn: power === 'torn' });
    this.disk = this.disk.handOver();
    this.#index.crash(power === 'stays' ? 0 : this.#random.below(INDEX_WRITES_LOST_MAX));
  }

  /** Stops the process for a while without its knowledge; what is sent to it has to wait in `network` as well. */
  pause(ms: number): void {
    this.#clock?.pause(ms);
  }

  /** Lets the role end in order, as an administrator does; what hangs is killed. */
  async stop(): Promise<void> {
    const role = this.#role;
    const clock = this.#clock;
    this.#wantedUp = false;
    this.#role = undefined;
    await role
      ?.close()
      .catch((error: unknown) => this.#options.events.add(this.name, `did not stop in order: ${error}`));
    if (clock === this.#clock && !this.#wantedUp) this.kill();
  }

  /** The power of this disk went in the middle of a change: the process goes with it. */
  followDisk(): boolean {
    if (!this.disk.isOff || !this.#wantedUp) return false;
    this.kill({ power: 'cut' });
    return true;
  }

  #ended(clock: ProcessClock, error: Error): void {
    if (clock.isDead) return;
    const { name, time, events, violated } = this.#options;
    const code = error instanceof CairnError ? error.code : error.name;
    events.add(name, `ended: ${code}: ${error.message}`);
    if (NEVER.includes(code)) {
      violated(`${name} does not go on: ${code}: ${error.message}`);
      return;
    }
    this.kill();
    this.#wantedUp = true;
    time.schedule(RESTART_AFTER_FAILURE_MS, () => {
      if (this.#wantedUp && this.#clock === clock) void this.start();
    });
  }
}
