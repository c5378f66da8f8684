/**
 * Faults, drawn from a seed. They stay within what CONTRACT.md promises to survive: bytes that were synced change or vanish on one
 * storage node only, the victim of the run (writeQuorum - 1 of them); everything else may happen to everyone, and to all at once.
 */
import { armFailpoint, type Failpoint, sleep } from '@cairn/core';
import { ANY, type SeededRandom } from '@cairn/core/testing';
import { DISK_BYTES, type Machine } from './machine.ts';
import type { World } from './world.ts';

/** Between two faults; which of them, is drawn for each run. */
const PAUSES_MS = [
  [10, 400],
  [50, 1500],
  [100, 3000],
] as const;
/** Share of the kinds that a run has: many of one kind show what one of many hides (Groce et al., "Swarm testing", 2012). */
const KIND_SHARES = [0.3, 0.6, 1];
const LASTS_MS = [50, 6000] as const;
/** One in ten lasts longer than a client's patience. */
const LASTS_LONG_MS = [10_000, 30_000] as const;
const SKEW_MS_MAX = 300_000;

interface Chance {
  between(range: readonly [number, number]): number;
  one<T>(of: readonly T[]): T;
  below(bound: number): number;
}

/** One kind of fault: does it, waits, undoes it. */
type Fault = (world: World, chance: Chance) => Promise<void>;

const POWER = ['stays', 'stays', 'cut', 'torn'] as const;

const rest = (world: World, chance: Chance) =>
  sleep(world.time, chance.between(chance.below(10) === 0 ? LASTS_LONG_MS : LASTS_MS));
const say = (world: World, what: string) => world.events.add('fault', what);

async function down(world: World, machines: readonly Machine[], chance: Chance): Promise<void> {
  await rest(world, chance);
  for (const machine of machines) {
    if (machine.isUp) continue;
    say(world, `${machine.name} starts again`);
    void machine.start();
  }
}

/** Machines that run, of those given. */
const running = (machines: readonly Machine[]) => machines.filter(({ isUp }) => isUp);

const crash: Fault = async (world, chance) => {
  const machine = chance.one(world.machines);
  if (!machine.isUp) return;
  const power = chance.one(POWER);
  say(world, `${machine.name} crashes, its power: ${power}`);
  machine.kill({ power });
  await down(world, [machine], chance);
};

const sitePower: Fault = async (world, chance) => {
  const machines = running(world.machines);
  say(world, 'the power of the whole site is cut');
  for (const machine of machines) machine.kill({ power: 'torn' });
  await down(world, machines, chance);
};

/** The cut comes in the middle of a write, a sync, a rename. */
const powerAtChange: Fault = async (world, chance) => {
  const machine = chance.one(world.machines);
  if (!machine.isUp) return;
  const nth = 1 + chance.below(12);
  say(world, `${machine.name} loses power at its change number ${nth} from now`);
  machine.disk.powerCutAtChange(nth, { torn: chance.below(2) === 0 });
  await rest(world, chance);
  if (machine.disk.isOff) machine.followDisk();
  else if (machine.isUp) machine.kill({ power: 'torn' });
  await down(world, [machine], chance);
};

/** The steps of a commit between which a leader may die. */
const COMMIT_STEPS: readonly Failpoint[] = [
  'session.afterOpen',
  'commit.beforeTxn',
  'commit.afterTxn',
  'commit.beforeReply',
  'delete.afterTxn',
];

/** The leader dies between two steps of a commit: before it is durable, or after and before the client hears of it. */
const crashInCommit: Fault = async (world, chance) => {
  const { metadata } = world;
  const step = chance.one(COMMIT_STEPS);
  const power = chance.one(POWER);
  armFailpoint(`${step}:${1 + chance.below(5)}`, () => {
    if (!metadata.isUp) return;
    say(world, `metadata dies at ${step}, its power: ${power}`);
    metadata.kill({ power });
  });
  await down(world, [metadata], chance);
  // The next one, whenever it comes, is armed anew; until then nobody dies.
  armFailpoint(step, () => undefined);
};

const stop: Fault = async (world, chance) => {
  const machine = chance.one(world.machines);
  if (!machine.isReady) return;
  say(world, `${machine.name} is stopped in order`);
  await Promise.race([machine.stop(), sleep(world.time, 20_000)]);
  await down(world, [machine], chance);
};

const clientCrash: Fault = async (world, chance) => {
  const at = chance.below(world.clients.length);
  say(world, `${world.client(at).name} crashes`);
  world.restartClient(at);
};

const partition: Fault = async (world, chance) => {
  const name = chance.one(world.machines).name;
  const others = world.names.filter((other) => other !== name);
  say(world, `${name} is cut off from everyone`);
  world.network.partition([name], others);
  await rest(world, chance);
  for (const other of others) {
    world.network.heal(name, other);
    world.network.heal(other, name);
  }
  say(world, `${name} is reached again`);
};

const oneWayCut: Fault = async (world, chance) => {
  const [from, to] = [chance.one(world.names), chance.one(world.names)];
  say(world, `nothing goes from ${from} to ${to}`);
  world.network.cut(from, to);
  await rest(world, chance);
  world.network.heal(from, to);
  say(world, `messages go from ${from} to ${to} again`);
};

const badLink: Fault = async (world, chance) => {
  const [from, to] = [chance.one(world.names), chance.one(world.names)];
  const slowestMs = chance.one([20, 300, 1500]);
  say(world, `messages from ${from} to ${to} are slow up to ${slowestMs} ms, lost and reordered`);
  world.network.setFaults(from, to, { delayMs: [0.1, slowestMs], dropShare: 0.1, reorderShare: 0.3 });
  await rest(world, chance);
  world.network.setFaults(from, to, {});
};

/** A process stands still, as under SIGSTOP, and goes on without knowing: its leases and its standing may be over by then. */
const pause: Fault = async (world, chance) => {
  const machine = chance.one(world.machines);
  const pausedMs = chance.between(LASTS_MS);
  say(world, `${machine.name} stands still for ${Math.round(pausedMs)} ms`);
  machine.pause(pausedMs);
  world.network.setFaults(ANY, machine.name, { delayMs: pausedMs });
  await sleep(world.time, pausedMs);
  world.network.setFaults(ANY, machine.name, {});
};

const diskFull: Fault = async (world, chance) => {
  const machine = chance.one(world.machines);
  if (!machine.isUp) return;
  const { totalBytes, freeBytes } = await machine.disk.space('/');
  say(world, `the disk of ${machine.name} gets full`);
  machine.disk.capacityBytes = totalBytes - freeBytes + chance.below(100_000);
  await rest(world, chance);
  machine.disk.capacityBytes = DISK_BYTES;
  say(world, `the disk of ${machine.name} has room again`);
};

const failedSync: Fault = async (world, chance) => {
  const { disk, name } = chance.one(world.machines);
  say(world, `a sync fails on ${name}`);
  disk.failNextSync();
};

const tornWrite: Fault = async (world, chance) => {
  const { disk, name } = chance.one(world.machines);
  say(world, `a write stops in its middle on ${name}`);
  disk.tearNthWrite(1 + chance.below(10));
};

const failedReads: Fault = async (world, chance) => {
  const machine = chance.one(world.nodes);
  say(world, `reads fail on ${machine.name}`);
  machine.disk.failReads();
  await rest(world, chance);
  machine.disk.heal();
};

const clockJump: Fault = async (world, chance) => {
  const skewMs = Math.round(chance.between([-SKEW_MS_MAX, SKEW_MS_MAX]));
  const name = chance.one(world.names);
  world.setSkew(name, skewMs);
  say(world, `the clock of ${name} is set ${Math.round(skewMs / 1000)} s from the true time`);
};

/** A bit changes in a volume. */
async function flipOn(world: World, victim: Machine, chance: Chance): Promise<void> {
  if (victim.disk.isOff) return;
  const folder = '/data/volumes';
  const names = await victim.disk.list(folder);
  if (names.length === 0) return;
  const path = `${folder}/${chance.one(names)}`;
  const size = (await victim.disk.readFile(path).catch(() => undefined))?.length ?? 0;
  if (size === 0) return;
  const offset = chance.below(size);
  victim.disk.flipBit(path, offset, chance.below(8));
  say(world, `a bit flips on ${victim.name}: ${path} at ${offset} of ${size}`);
}

/** The first node is the victim of the run. */
const bitFlip: Fault = (world, chance) => flipOn(world, world.nodes[0] as Machine, chance);

/** Beyond the promise: bits rot everywhere, many at once. */
const rotEverywhere: Fault = async (world, chance) => {
  for (const node of world.nodes) for (let flips = 0; flips < 40; flips++) await flipOn(world, node, chance);
};

/** By name, and how often each is chosen. */
const FAULTS: Record<string, [Fault, number]> = {
  crash: [crash, 5],
  sitePower: [sitePower, 1],
  powerAtChange: [powerAtChange, 3],
  crashInCommit: [crashInCommit, 2],
  stop: [stop, 1],
  clientCrash: [clientCrash, 1],
  partition: [partition, 2],
  oneWayCut: [oneWayCut, 2],
  badLink: [badLink, 3],
  pause: [pause, 2],
  diskFull: [diskFull, 1],
  failedSync: [failedSync, 1],
  tornWrite: [tornWrite, 1],
  failedReads: [failedReads, 1],
  clockJump: [clockJump, 1],
  bitFlip: [bitFlip, 3],
};
export const FAULT_NAMES = Object.keys(FAULTS);
/** What an auditor must not let pass. */
const BEYOND_THE_PROMISE: Record<string, [Fault, number]> = { rotEverywhere: [rotEverywhere, 1] };

export class Faults {
  readonly #world: World;
  readonly #chance: Chance;
  readonly #pool: Fault[];
  readonly #pauseMs: readonly [number, number];
  #stopped = false;
  #running = 0;
  #count = 0;

  constructor({ world, random, names }: { world: World; random: SeededRandom; names: readonly string[] }) {
    this.#world = world;
    const chance: Chance = {
      between: ([least, most]) => least + random.fraction() * (most - least),
      one: (of) => of[random.below(of.length)] as never,
      below: (bound) => random.below(bound),
    };
    this.#chance = chance;
    this.#pauseMs = chance.one(PAUSES_MS);
    const share = chance.one(KIND_SHARES);
    const chosen = names.filter(() => random.fraction() < share);
    this.#pool = (chosen.length > 0 ? chosen : names).flatMap((name) => {
      const [fault, weight] = { ...FAULTS, ...BEYOND_THE_PROMISE }[name] as [Fault, number];
      return Array.from({ length: weight }, () => fault);
    });
  }

  get count(): number {
    return this.#count;
  }

  /** Begins a fault every now and then, until stopped; several may last at once. */
  async run(): Promise<void> {
    const chance = this.#chance;
    while (this.#pool.length > 0) {
      await sleep(this.#world.time, chance.between(this.#pauseMs));
      if (this.#stopped) return;
      this.#count += 1;
      this.#running += 1;
      void chance
        .one(this.#pool)(this.#world, chance)
        .finally(() => {
          this.#running -= 1;
        });
    }
  }

  /** No more faults begin. */
  stop(): void {
    this.#stopped = true;
  }

  /** Whether all have been undone. */
  get isOver(): boolean {
    return this.#running === 0;
  }
}
