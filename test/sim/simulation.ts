/** One run from one seed: a cluster starts, works while faults happen, is healed, and must then have everything and work again. */
import type { CairnError } from '@cairn/core';
import { Auditor } from './auditor.ts';
import { FAULT_NAMES, Faults } from './faults.ts';
import { DISK_BYTES } from './machine.ts';
import { BUCKET, Workload } from './workload.ts';
import { World } from './world.ts';

export interface SimulationOptions {
  seed: number;
  /** How long the faults go on, in simulated time. */
  simulatedMs?: number;
  /** Kinds of faults; all when left out. */
  faults?: readonly string[];
  /** The disks of storage nodes lie about their syncs: the auditor has to notice. */
  disksLie?: boolean;
}

export interface SimulationResult {
  seed: number;
  /** What was wrong; empty for a good run. */
  violations: string[];
  /** The last events of the run. */
  lastEvents: string[];
  /** Of everything that happened: the same seed gives the same one. */
  fingerprint: string;
  simulatedMs: number;
  faults: number;
  answered: number;
  unanswered: number;
  judged: number;
  /** Keys whose history became too wide to judge. */
  undecided: number;
}

const START_LIMIT_MS = 30_000;
const HEAL_LIMIT_MS = 60_000;
const WORKERS = 6;
const CLIENTS = 2;
const LAST_EVENTS = 120;

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  return await new Simulation(options).run();
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #violations: string[] = [];
  readonly #world: World;
  readonly #auditor: Auditor;
  readonly #workload: Workload;
  readonly #faults: Faults;

  constructor(options: SimulationOptions) {
    this.#options = options;
    const { seed, faults: names = FAULT_NAMES, disksLie = false } = options;
    const violated = (what: string) => this.#violated(what);
    const nodes = 3 + (seed % 3);
    this.#world = new World({ seed, nodes, clients: CLIENTS, disksLie, violated });
    this.#auditor = new Auditor(violated);
    const { random } = this.#world;
    const shared = { world: this.#world, auditor: this.#auditor };
    this.#workload = new Workload({ ...shared, random: random.fork('workload'), workers: WORKERS, violated });
    this.#faults = new Faults({ world: this.#world, random: random.fork('faults'), names });
  }

  async run(): Promise<SimulationResult> {
    const { seed, simulatedMs = 60_000 } = this.#options;
    const world = this.#world;
    if (await this.#start()) {
      await this.#misbehave(simulatedMs);
      if (!this.#isOver) await this.#heal();
      if (!this.#isOver) await this.#verify();
    }
    const lastEvents = world.events.last(LAST_EVENTS);
    const { fingerprint } = world.events;
    world.destroy();
    return {
      ...{ seed, violations: this.#violations, lastEvents, fingerprint, simulatedMs: world.time.monotonic() },
      ...{ faults: this.#faults.count, judged: this.#auditor.judged, undecided: this.#auditor.undecided },
      ...this.#workload.counts,
    };
  }

  get #isOver(): boolean {
    return this.#violations.length > 0;
  }

  #violated(what: string): void {
    this.#violations.push(what);
    this.#world.events.add('AUDITOR', what);
  }

  async #start(): Promise<boolean> {
    const world = this.#world;
    for (const machine of world.machines) void machine.start();
    const isReady = () => world.machines.every((machine) => machine.isReady);
    if (!(await world.until(isReady, START_LIMIT_MS))) this.#violated('the cluster does not start');
    if (this.#isOver) return false;
    await world.time.run(world.client(0).cairn.createBucket(BUCKET));
    return true;
  }

  /** Stops at the first violation: what led to it stands in the last events. */
  async #misbehave(simulatedMs: number): Promise<void> {
    const world = this.#world;
    this.#workload.start();
    void this.#faults.run();
    for (let passedMs = 0; passedMs < simulatedMs && !this.#isOver; passedMs += 100) await world.pass(100);
    this.#faults.stop();
  }

  /** After the last fault: everything runs again, and every operation that was under way ends. */
  async #heal(): Promise<void> {
    const world = this.#world;
    world.events.add('fault', 'no more of them: everything is healed');
    await world.until(() => this.#faults.isOver, HEAL_LIMIT_MS);
    world.healNetwork();
    for (const name of world.names) world.setSkew(name, 0);
    for (const machine of world.machines) {
      machine.disk.heal();
      machine.disk.capacityBytes = DISK_BYTES;
      if (!machine.isUp) void machine.start();
    }
    this.#workload.stop();
    const isWell = () => this.#workload.isIdle && world.machines.every((machine) => machine.isReady);
    if (await world.until(isWell, HEAL_LIMIT_MS)) return;
    const notReady = world.machines.filter((machine) => !machine.isReady).map(({ name }) => name);
    this.#violated(`the cluster does not heal: not ready ${notReady.join(' ') || '-'}, idle: ${this.#workload.isIdle}`);
  }

  /** Every key is read by every client, listings agree, and writing works again. */
  async #verify(): Promise<void> {
    const world = this.#world;
    const answers = async (what: string, work: Promise<boolean>) => {
      const isAnswered = await world.time.run(work).catch((error: CairnError | Error) => {
        this.#violated(`${what}: ${error.message}`);
        return true;
      });
      if (!isAnswered) this.#violated(`${what}: no answer, with everything healed`);
    };
    await this.#checkHealth();
    for (const key of this.#auditor.keys) {
      for (let at = 0; at < CLIENTS; at++) await answers(`get ${key}`, this.#workload.get(at, key));
    }
    for (let at = 0; at < CLIENTS; at++) {
      const { cairn } = world.client(at);
      const isFree = () => cairn.memory.writeBytes + cairn.memory.readAheadBytes === 0;
      const isFreed = await world.until(isFree, HEAL_LIMIT_MS);
      const { writeBytes, readAheadBytes } = cairn.memory;
      if (!isFreed) this.#violated(`client ${at} still holds ${writeBytes} + ${readAheadBytes} bytes`);
      await answers('list', this.#workload.list(at, 7));
      const put = this.#auditor.put(`last/${at}`, { condition: { is: 'absent' }, byteCount: 300_000 });
      await answers('put', this.#workload.put(at, put));
      await answers('get', this.#workload.get(at, put.key));
    }
  }

  /** The leader sees that all is there again. Only the victim may have damaged bytes, so no volume may count as lost. */
  async #checkHealth(): Promise<void> {
    const world = this.#world;
    let health = 'not known';
    const ask = async () => {
      const { health: word, reasons } = await world.client(0).cairn.admin.status();
      health = word === 'critical' ? `critical: ${reasons.join('; ')}` : 'fine';
    };
    for (let tries = 0; tries < 30 && health !== 'fine'; tries++) {
      await world.time.run(ask()).catch((error: unknown) => {
        health = String(error);
      });
      await world.pass(1000);
    }
    if (health !== 'fine') this.#violated(`the cluster is not healthy with everything healed: ${health}`);
  }
}
