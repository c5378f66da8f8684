/**
 * The life of one role's process: read its configuration, start it, show it on the admin listener, and end it: by draining on SIGTERM or
 * when the supervisor is gone, at once and with a failure when the role cannot go on or an invariant broke.
 */
import * as fs from 'node:fs';
import module from 'node:module';
import {
  armFailpoint,
  CairnError,
  deriveTimers,
  FAILPOINTS,
  field,
  type ProfileName,
  parseConfig,
  type RolePorts,
  type RunningRole,
  realClock,
  realDisk,
  realRandom,
  type Schema,
  type TimerName,
  toCairnError,
} from '@cairn/core';
import type { RoleName } from '../dev/endpoints.ts';
import { EXIT } from '../exit-code.ts';
import { startAdminListener } from './admin-listener.ts';
import { createLog, type RoleLog } from './log.ts';
import { metricsPage } from './metrics.ts';
import { report, SUPERVISED } from './report.ts';
import { ROLE_DOORS } from './roles.ts';

/** A drain that takes longer than this is cut: what was not acknowledged is retried by its client. */
const CLOSE_TIMEOUT_MS = 15_000;
const FLUSH_AFTER_MS = 2000;
/** How often a change of readiness is looked for. */
const READINESS_INTERVAL_MS = 50;

export async function runRole(role: RoleName, configFile: string): Promise<void> {
  const log = createLog(role);
  endOnBrokenInvariants(log);
  try {
    armFromEnvironment();
    await startRole(role, configFile, log);
  } catch (error) {
    endWithFailure(error, log);
  }
}

async function startRole(role: RoleName, configFile: string, log: RoleLog): Promise<void> {
  const door = await ROLE_DOORS[role]();
  const { admin, config } = parseRoleConfig(door.schema, readConfig(configFile));
  const stop = stopRequest(log);
  let running: RunningRole | undefined;
  const notReady = () => (stop.requested ? 'stopping' : running === undefined ? 'starting' : running.notReady());
  const listener = await startAdminListener(admin, { notReady, metrics: metricsPage(() => running?.metrics() ?? []) });
  const ports = await makePorts(config, log);
  // A stop during the start just ends the process: nothing was served, and what is on disk survives worse.
  running = await Promise.race([door.start(config as never, ports), stop.wanted.then(() => undefined)]);
  if (running !== undefined) {
    running.failed.then((error) => endWithFailure(error, log));
    report({ kind: 'listening', address: running.address, admin: listener.address });
    log.info({ address: running.address, admin: listener.address }, 'listening');
    const readiness = reportReadiness(notReady, log);
    // A process that is killed later leaves compiled sources for the next start all the same.
    setTimeout(() => module.flushCompileCache(), FLUSH_AFTER_MS).unref();
    await stop.wanted;
    clearInterval(readiness);
    await closeWithin(running, CLOSE_TIMEOUT_MS, log);
  }
  listener.close();
  log.info({}, 'stopped');
  log.flush();
  process.exit(EXIT.done);
}

export function readConfig(file: string): unknown {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw new CairnError('CONFIG_INVALID', `--config: ${(error as Error).message}`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CairnError('CONFIG_INVALID', `--config: ${file} is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** The role's own keys plus `admin`, which is this process's. */
export function parseRoleConfig(schema: Schema, input: unknown): { admin: string; config: Record<string, unknown> } {
  const whole = parseConfig({ ...schema, admin: field.hostPort({ fallback: () => '127.0.0.1:0' }) }, input);
  const { admin, ...config } = whole as Record<string, unknown> & { admin: string };
  return { admin, config: Object.freeze(config) };
}

async function makePorts(config: Record<string, unknown>, log: RoleLog): Promise<RolePorts> {
  const { createTransport, hostId } = await import('@cairn/proto');
  const overrides = config['timers'] as Partial<Record<TimerName, number>> | undefined;
  const timers = deriveTimers(config['profile'] as ProfileName, overrides);
  const transport = createTransport({ hostId: hostId(), lane: 'auto', rpcDeadlineMs: timers.rpcDeadlineMs });
  return { clock: realClock, random: realRandom, disk: realDisk, transport, log };
}

function armFromEnvironment(): void {
  const text = process.env['CRASH_AT'];
  if (text === undefined || text === '') return;
  if (!armFailpoint(text, () => process.kill(process.pid, 'SIGKILL'))) {
    throw new CairnError(
      'CONFIG_INVALID',
      `CRASH_AT ${JSON.stringify(text)} names no failpoint; write name[:n], one of ${FAILPOINTS.join(', ')}`,
    );
  }
}

/** Resolves once, at the first SIGTERM, SIGINT or the supervisor's end; further ones change nothing: the drain has a bound. */
function stopRequest(log: RoleLog): { readonly requested: boolean; wanted: Promise<void> } {
  const state = { requested: false };
  const wanted = new Promise<void>((resolve) => {
    const stop = (why: string) => {
      if (state.requested) return;
      state.requested = true;
      log.info({ why }, 'stopping');
      resolve();
    };
    process.on('SIGTERM', () => stop('SIGTERM'));
    process.on('SIGINT', () => {
      if (process.env[SUPERVISED] === undefined) stop('SIGINT');
    });
    process.on('SIGHUP', () => {
      if (process.env[SUPERVISED] === undefined) stop('SIGHUP');
    });
    if (process.send !== undefined) process.on('disconnect', () => stop('the supervisor is gone'));
  });
  return {
    get requested() {
      return state.requested;
    },
    wanted,
  };
}

function reportReadiness(notReady: () => string | undefined, log: RoleLog): NodeJS.Timeout {
  let last: string | undefined = 'starting';
  const look = () => {
    const reason = notReady();
    if (reason === last) return;
    last = reason;
    report(reason === undefined ? { kind: 'ready' } : { kind: 'not-ready', reason });
    if (reason === undefined) log.info({}, 'ready');
    else log.info({ reason }, 'not ready');
  };
  look();
  return setInterval(look, READINESS_INTERVAL_MS).unref();
}

async function closeWithin(running: RunningRole, boundMs: number, log: RoleLog): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), boundMs);
  });
  const outcome = await Promise.race([running.close(), bound]);
  clearTimeout(timer);
  if (outcome === 'late') log.warn({ boundMs }, 'the drain took too long and was cut');
}

/** An uncaught error means that nobody knows what state the process is in: it ends, and a fresh one starts from what is durable. */
function endOnBrokenInvariants(log: RoleLog): void {
  process.on('uncaughtException', (error) => endWithFailure(error, log));
  process.on('unhandledRejection', (error) => endWithFailure(error, log));
}

function endWithFailure(thrown: unknown, log: RoleLog): never {
  const error = toCairnError(thrown);
  // A stack tells something only where nobody foresaw the error.
  const details = error.code === 'INTERNAL' ? { err: thrown instanceof Error ? thrown : error } : {};
  log.error({ code: error.code, ...details }, error.message);
  log.flush();
  report({ kind: 'failed', code: error.code, message: error.message });
  process.exit(EXIT.failed);
}
