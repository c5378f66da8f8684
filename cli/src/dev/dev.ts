/** `cairn dev`: a whole cluster on this machine, from an empty folder or from what an earlier run left, until it is told to stop. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { type Clock, realClock, sleep } from '@cairn/core';
import { EXIT } from '../exit-code.ts';
import { adminPage } from './admin-page.ts';
import { DataFolder } from './data-folder.ts';
import { replaceFile } from './endpoints.ts';
import { EventJournal } from './event-journal.ts';
import { DATA_DIR_DEFAULT, type DevOptions } from './flags.ts';
import { waitForLeftovers } from './leftovers.ts';
import { Liveness } from './liveness.ts';
import { type Prepared, prepare } from './prepare.ts';
import { takePidLock } from './run-lock.ts';
import { startScreen } from './start-screen.ts';
import { waitingFor } from './startup-check.ts';
import { StopSignals } from './stop-signals.ts';
import { Supervisor } from './supervisor.ts';
import { ignoreLostTerminal, realTerminal as terminal } from './terminal.ts';

const LOOK_INTERVAL_MS = 20;
const METRICS_TIMEOUT_MS = 1000;
/** A start that takes longer says what it waits for, this often. */
const SLOW_START_MS = 10_000;

/** @returns The exit code. */
export async function runDev(options: DevOptions): Promise<number> {
  ignoreLostTerminal();
  const folder = new DataFolder(options.dataDir);
  for (const each of [folder.root, folder.runDir, folder.logDir]) fs.mkdirSync(each, { recursive: true, mode: 0o700 });
  const lock = folder.pidFile('supervisor');
  takePidLock(lock);
  try {
    fs.rmSync(folder.ready, { force: true });
    const signals = new StopSignals(realClock);
    await waitForLeftovers(folder.runDir, realClock, terminal);
    const prepared = await prepare(options, folder);
    try {
      return await serve({ options, folder, prepared, signals });
    } finally {
      prepared.dispose();
    }
  } finally {
    fs.rmSync(folder.ready, { force: true });
    fs.rmSync(lock, { force: true });
  }
}

interface Serving {
  options: DevOptions;
  folder: DataFolder;
  prepared: Prepared;
  signals: StopSignals;
}

async function serve({ options, folder, prepared, signals }: Serving): Promise<number> {
  const { shape, plans, endpoint } = prepared;
  for (const warning of shape.warnings) terminal.say(`warning: ${warning}`);
  const journal = new EventJournal({ path: folder.events, clock: realClock });
  journal.write('cluster-starting', { nodes: shape.nodes, replicas: shape.replicas, writeQuorum: shape.writeQuorum });
  const hopeless = Promise.withResolvers<{ name: string; reason: string }>();
  const supervisor = new Supervisor({
    ...{ plans, folder, journal, terminal, clock: realClock, restart: options.restart, verbose: options.verbose },
    s3: endpoint,
    onHopeless: (name, reason) => hopeless.resolve({ name, reason }),
  });
  const startedAt = realClock.monotonic();
  supervisor.start();
  const liveness = new Liveness({ children: supervisor.children, journal, terminal, clock: realClock }).worker();
  const failure = hopeless.promise.then(({ name, reason }) => `${name} cannot start: ${reason}`);

  const ready = untilReady({ supervisor, prepared, clock: realClock, signal: signals.wanted });
  let failed = await Promise.race([ready.then(() => undefined), failure, signals.first.then(() => undefined)]);
  if (failed === undefined && !signals.wanted.aborted) {
    const elapsedMs = Math.round(realClock.monotonic() - startedAt);
    const isDefaultFolder = folder.root === path.resolve(DATA_DIR_DEFAULT);
    replaceFile(folder.ready, `${new Date(realClock.now()).toISOString()}\n`);
    journal.write('cluster-ready', { elapsedMs });
    terminal.say(startScreen({ ...prepared, folder, isDefaultFolder, elapsedMs }));
    supervisor.isStarting = false;
    liveness.start();
    failed = await Promise.race([failure, signals.first.then(() => undefined)]);
  }
  fs.rmSync(folder.ready, { force: true });
  if (failed !== undefined) process.stderr.write(`cairn: ${failed}\n`);
  journal.write('cluster-stopping', { reason: failed ?? signals.reason });
  if (failed === undefined) terminal.say('draining and stopping; once more stops at once');
  signals.second.then(() => supervisor.stopQuickly());
  const [clean] = await Promise.all([supervisor.stop(), liveness.stop()]);
  journal.write('cluster-stopped', { clean, restarts: journal.count('role-restarting') });
  journal.close();
  return failed === undefined && clean ? EXIT.done : EXIT.failed;
}

interface ReadyOptions {
  supervisor: Supervisor;
  prepared: Prepared;
  clock: Clock;
  signal: AbortSignal;
}

/** Resolves when a client may start, or when the signal says that nobody waits any more. */
async function untilReady({ supervisor, prepared, clock, signal }: ReadyOptions): Promise<void> {
  const from = clock.monotonic();
  const roles = prepared.plans.map(({ role }) => role);
  let sayAt = SLOW_START_MS;
  while (!signal.aborted) {
    const elapsedMs = clock.monotonic() - from;
    const { writeQuorum } = prepared.shape;
    const notReady = supervisor.notReady();
    // Asked only when everything else is there.
    const metrics = notReady.length === 0 ? await leaderMetrics(supervisor) : undefined;
    const missing = waitingFor({ roles, notReady, metrics, writeQuorum, elapsedMs });
    if (missing === undefined) return;
    if (elapsedMs >= sayAt) {
      terminal.say(`still waiting for ${missing}`);
      sayAt += SLOW_START_MS;
    }
    await sleep(clock, LOOK_INTERVAL_MS);
  }
}

async function leaderMetrics({ children }: Supervisor): Promise<string | undefined> {
  const admin = children.find(({ plan }) => plan.role === 'metadata-server')?.listening?.admin;
  return admin === undefined ? undefined : adminPage(admin, '/metrics', METRICS_TIMEOUT_MS);
}
