/** One client command from start to end: connects, runs, reports, and ends the process with the right code. */
import type { Cairn } from '@cairn/client-sdk';
import { CairnError, realClock } from '@cairn/core';
import type { Command } from 'commander';
import { describeError, EXIT, exitCodeOf } from '../exit-code.ts';
import { resolveCluster } from './cluster-address.ts';
import { ensureReachable } from './reachable.ts';

export interface ClientFlags {
  cluster?: string;
  json?: boolean;
}

export interface ClientSession {
  client: Cairn;
  json: boolean;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  /** For people; nothing with --json. */
  say(line: string): void;
  /** The one document of --json; nothing without. */
  document(value: unknown): void;
  /** One line on stderr; the command goes on and fails at its end. */
  complain(line: string): void;
}

/** For commands that only ask the leader: a few tries of this length, and a server that hangs counts as unreachable. */
export const QUICK = { rpcDeadlineMs: 1500 };

/** How long an interrupted command may take to put things in order. */
const INTERRUPT_GRACE_MS = 2000;

export function withClientFlags(command: Command): Command {
  return command
    .option('--cluster <dir|address>', 'data folder or metadata address (default: $CAIRN_CLUSTER, else ./cairn-data)')
    .option('--json', 'print one JSON document and nothing else');
}

/** Runs a command's body with a connected client. Never returns: the process ends. */
export async function runClient(
  flags: ClientFlags,
  body: (session: ClientSession) => Promise<void>,
  { rpcDeadlineMs }: { rpcDeadlineMs?: number } = {},
): Promise<never> {
  const stop = new AbortController();
  onInterrupt(stop);
  endWhenNobodyReads();
  let code: number = EXIT.done;
  let client: Cairn | undefined;
  try {
    const { metadata, accessKey, secretKey } = resolveCluster(flags.cluster, process.env);
    const [{ Cairn }] = await Promise.all([
      import('@cairn/client-sdk'),
      ensureReachable(metadata, realClock, stop.signal),
    ]);
    client = new Cairn({ metadata, accessKey, secretKey, ...(rpcDeadlineMs === undefined ? {} : { rpcDeadlineMs }) });
    const json = flags.json === true;
    await body({
      client,
      json,
      signal: stop.signal,
      say: (line) => json || process.stdout.write(`${line}\n`),
      document: (value) => json && process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`),
      complain: (line) => {
        code = EXIT.failed;
        process.stderr.write(`cairn: ${line}\n`);
      },
    });
    stop.signal.throwIfAborted();
  } catch (error) {
    code = stop.signal.aborted ? EXIT.interrupted : exitCodeOf(error);
    process.stderr.write(`cairn: ${stop.signal.aborted ? 'interrupted' : describeError(error)}\n`);
  }
  await client?.close().catch(() => undefined);
  return endProcess(code);
}

/** Ends when what was written has left. */
export async function endProcess(code: number): Promise<never> {
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
  process.exit(code);
}

function onInterrupt(stop: AbortController): void {
  const interrupt = () => {
    if (stop.signal.aborted) return;
    stop.abort(new CairnError('CANCELLED', 'interrupted'));
    setTimeout(() => process.exit(EXIT.interrupted), INTERRUPT_GRACE_MS).unref();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
}

/** `cairn cat photos/movie | head`: the reader has what it wanted. */
function endWhenNobodyReads(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.failed),
  );
}
