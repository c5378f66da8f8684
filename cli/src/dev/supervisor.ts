/**
 * All roles of a local cluster as one thing: started together, because each waits for the others by itself, and stopped in order, so that
 * what serves drains while what it needs still runs: gateways, then storage nodes, then the metadata server.
 */
import type { Clock } from '@cairn/core';
import type { DataFolder } from './data-folder.ts';
import type { Endpoints, RoleEndpoint, RoleName } from './endpoints.ts';
import { replaceFile } from './endpoints.ts';
import type { EventJournal } from './event-journal.ts';
import type { RolePlan } from './plan.ts';
import { RoleChild } from './role-child.ts';
import { LOG_LEVEL, RoleLog } from './role-log.ts';
import type { Terminal } from './terminal.ts';

const STOP_ORDER: readonly RoleName[] = ['gateway', 'storage-node', 'metadata-server'];
/** A little more than what a role gives its own drain. */
const STOP_TIMEOUT_MS = 18_000;
const QUICK_STOP_TIMEOUT_MS = 1500;

export interface SupervisorOptions {
  plans: RolePlan[];
  folder: DataFolder;
  journal: EventJournal;
  terminal: Terminal;
  clock: Clock;
  restart: boolean;
  verbose: boolean;
  /** The S3 endpoint as a URL. */
  s3: string;
  onHopeless: (name: string, reason: string) => void;
}

export class Supervisor {
  readonly children: RoleChild[];
  readonly #options: SupervisorOptions;
  readonly #logs: RoleLog[] = [];
  isStarting = true;
  #published = '';
  #stopping: Promise<boolean> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.children = options.plans.map((plan) => {
      const { folder, terminal } = options;
      const log = new RoleLog({
        name: plan.name,
        file: folder.log(plan.name),
        terminal,
        clock: options.clock,
        show: () => this.shownLevel,
      });
      this.#logs.push(log);
      return new RoleChild({ ...options, plan, log, onChange: () => this.#publish() });
    });
  }

  start(): void {
    for (const child of this.children) child.prepare();
    this.#publish();
    for (const child of this.children) child.start();
  }

  /** While everything starts, each role warns that the others are not there yet: nobody needs to see that. */
  get shownLevel(): number {
    if (this.#options.verbose) return 0;
    return this.isStarting ? LOG_LEVEL.error : LOG_LEVEL.warn;
  }

  /** Names and reasons of the roles that cannot serve now. */
  notReady(): { name: string; role: RoleName; reason: string }[] {
    return this.children.flatMap(({ plan, notReady }) =>
      notReady === undefined ? [] : [{ name: plan.name, role: plan.role, reason: notReady }],
    );
  }

  /** Drains everything. @returns Whether every role ended by itself. */
  stop(): Promise<boolean> {
    this.#stopping ??= this.#stopInOrder();
    return this.#stopping;
  }

  /** Gives all roles a moment at the same time, then ends them. */
  async stopQuickly(): Promise<void> {
    await Promise.all(this.children.map((child) => child.stop(QUICK_STOP_TIMEOUT_MS)));
  }

  async #stopInOrder(): Promise<boolean> {
    for (const child of this.children) child.retire();
    let clean = true;
    for (const role of STOP_ORDER) {
      const ended = await Promise.all(
        this.children.filter(({ plan }) => plan.role === role).map((child) => child.stop(STOP_TIMEOUT_MS)),
      );
      clean &&= ended.every(Boolean);
    }
    for (const log of this.#logs) log.close();
    return clean;
  }

  /** Keeps endpoints.json true. Addresses that are not known yet are those of the plan: they will be. */
  #publish(): void {
    const roles: Record<string, RoleEndpoint> = {};
    for (const { plan, listening } of this.children) {
      const { config, role } = plan;
      const planned = role === 'gateway' ? config['s3'] : config['listen'];
      roles[plan.name] = {
        role,
        address: listening?.address ?? String(planned),
        admin: listening?.admin ?? String(config['admin']),
        ...(config['bulkListen'] === undefined ? {} : { bulk: String(config['bulkListen']) }),
      };
    }
    const metadata = Object.values(roles).flatMap(({ role, address }) => (role === 'metadata-server' ? [address] : []));
    const endpoints: Endpoints = { s3: this.#options.s3, metadata, roles };
    const text = `${JSON.stringify(endpoints, undefined, 2)}\n`;
    if (text === this.#published) return;
    try {
      replaceFile(this.#options.folder.endpoints, text);
      this.#published = text;
    } catch (error) {
      // The addresses that are on disk are those of the plan, which the roles keep.
      this.#options.terminal.say(`cannot write ${this.#options.folder.endpoints}: ${(error as Error).message}`);
    }
  }
}
