/**
 * One supervised role: its process, its pid file, its restarts. States: a child runs, or waits out its backoff, or has been told to stop.
 * A child that dies without having been told to is started again, counted and journalled.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Clock, Timer } from '@cairn/core';
import { type RoleReport, SUPERVISED } from '../role/report.ts';
import { Backoff } from './backoff.ts';
import type { DataFolder } from './data-folder.ts';
import { replaceFile } from './endpoints.ts';
import type { EventJournal } from './event-journal.ts';
import type { RolePlan } from './plan.ts';
import type { RoleLog } from './role-log.ts';
import type { Terminal } from './terminal.ts';

const ENTRY = path.join(import.meta.dirname, '../../bin/cairn.js');
/** Failures in a row before the role was ever ready: its configuration or its data is at fault, and trying on hides that. */
const FAILURES_BEFORE_READY_MAX = 5;

export interface RoleChildOptions {
  plan: RolePlan;
  folder: DataFolder;
  log: RoleLog;
  journal: EventJournal;
  terminal: Terminal;
  clock: Clock;
  restart: boolean;
  /** Called when the role was never ready and will not be. */
  onHopeless: (name: string, reason: string) => void;
  /** Called when the role's addresses are known or its readiness changed. */
  onChange: () => void;
}

export interface Listening {
  address: string;
  admin: string;
}

export class RoleChild {
  readonly plan: RolePlan;
  readonly #options: RoleChildOptions;
  readonly #backoff = new Backoff();
  #child: ChildProcess | undefined;
  #startedAt = 0;
  #restartTimer: Timer | undefined;
  #stopping = false;
  #everReady = false;
  #deaths = 0;
  /** Ends by its own decision, not by a signal. */
  #failures = 0;
  #lastFailure: string | undefined;
  /** Why the role cannot serve now; undefined when it can. */
  notReady: string | undefined = 'not started';
  listening: Listening | undefined;
  restarts = 0;

  constructor(options: RoleChildOptions) {
    this.plan = options.plan;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get hasEnded(): boolean {
    return this.#child === undefined;
  }

  /** Writes what the role is started from. Once, so that restarts need no room on the disk. */
  prepare(): void {
    const { plan, folder } = this.#options;
    replaceFile(folder.configFile(plan.name), `${JSON.stringify(plan.config, undefined, 2)}\n`);
  }

  start(): void {
    const { plan, folder, log, journal, clock } = this.#options;
    this.#clearSockets();
    const configFile = folder.configFile(plan.name);
    const child = spawn(process.execPath, [...plan.nodeFlags, ENTRY, plan.role, '--config', configFile], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: this.#environment(),
    });
    this.#child = child;
    this.#startedAt = clock.monotonic();
    this.notReady = 'starting';
    const splitter = log.splitter();
    child.stderr?.on('data', (bytes: Buffer) => splitter.push(bytes));
    child.stderr?.on('end', () => splitter.end());
    child.on('message', (message) => this.#hear(message as RoleReport));
    child.on('error', (error) => {
      this.#lastFailure = error.message;
      if (child.pid === undefined) this.#ended(child, { code: null, signal: null });
    });
    child.on('close', (code, signal) => this.#ended(child, { code, signal }));
    if (child.pid !== undefined) this.#writePid(child.pid);
    journal.write('role-started', { role: plan.name, pid: child.pid });
  }

  /** From here on its end is no death: everything is about to stop. */
  retire(): void {
    this.#stopping = true;
    this.#restartTimer?.cancel();
  }

  /** Tells the role to drain and resolves when its process has ended; after `boundMs` it is killed. @returns Whether it ended by itself. */
  async stop(boundMs: number): Promise<boolean> {
    this.retire();
    const child = this.#child;
    if (child === undefined) return true;
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    let killed = false;
    const timer = this.#options.clock.schedule(boundMs, () => {
      killed = true;
      this.#options.journal.write('role-killed', { role: this.plan.name, reason: `no end after ${boundMs} ms` });
      child.kill('SIGKILL');
    });
    child.kill('SIGTERM');
    await ended;
    timer.cancel();
    return !killed;
  }

  #environment(): NodeJS.ProcessEnv {
    const { CAIRN_ACCESS_KEY: _access, CAIRN_SECRET_KEY: _secret, ...environment } = process.env;
    // A failpoint is for one crash: the process that comes after it must live.
    if (this.#deaths > 0) delete environment['CRASH_AT'];
    return { ...environment, [SUPERVISED]: '1' };
  }

  /** What a killed process left. Nothing new is needed here: a restart must work on a full disk. */
  #clearSockets(): void {
    const folder = this.plan.config['socketDir'];
    if (typeof folder !== 'string') return;
    try {
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
      for (const name of fs.readdirSync(folder)) fs.rmSync(path.join(folder, name), { recursive: true, force: true });
    } catch (error) {
      this.#options.terminal.say(`${this.plan.name}: ${(error as Error).message}`);
    }
  }

  #writePid(pid: number): void {
    try {
      replaceFile(this.#options.folder.pidFile(this.plan.name), `${pid}\n`);
    } catch (error) {
      this.#options.terminal.say(`${this.plan.name} runs as process ${pid}, but: ${(error as Error).message}`);
    }
  }

  #hear(message: RoleReport): void {
    switch (message.kind) {
      case 'listening':
        this.listening = { address: message.address, admin: message.admin };
        break;
      case 'ready':
        this.#everReady = true;
        this.notReady = undefined;
        break;
      case 'not-ready':
        this.notReady = message.reason;
        break;
      case 'failed':
        this.#lastFailure = message.message;
        break;
    }
    this.#options.onChange();
  }

  #ended(child: ChildProcess, { code, signal }: { code: number | null; signal: string | null }): void {
    if (this.#child !== child) return;
    const { plan, folder, journal, terminal, clock } = this.#options;
    this.#child = undefined;
    fs.rmSync(folder.pidFile(plan.name), { force: true });
    if (this.#stopping) {
      this.notReady = 'stopped';
      return;
    }
    this.#deaths += 1;
    if (signal === null) this.#failures += 1;
    const how = signal === null ? `exit code ${code}` : signal;
    const why = this.#lastFailure ?? how;
    this.notReady = `ended (${why})`;
    this.#lastFailure = undefined;
    journal.write('role-died', { role: plan.name, pid: child.pid, code, signal, reason: why });
    this.#options.onChange();
    const failuresMax = this.#options.restart ? FAILURES_BEFORE_READY_MAX : 1;
    if (!this.#everReady && this.#failures >= failuresMax) {
      this.#options.onHopeless(plan.name, why);
      return;
    }
    if (!this.#options.restart) {
      terminal.say(`${plan.name} ended (${why}) and stays down (--no-restart)`);
      return;
    }
    const waitMs = this.#backoff.next(clock.monotonic() - this.#startedAt);
    terminal.say(`${plan.name} ended (${why}); it starts again in ${waitMs} ms`);
    this.#restartTimer = clock.schedule(waitMs, () => {
      this.restarts += 1;
      journal.write('role-restarting', { role: plan.name, restarts: this.restarts });
      this.start();
    });
  }
}
