/** What every role shows to the process that runs it: the admin listener and the supervisor know no more than this. */
import type { Log } from './log.ts';
import type { Clock } from './ports/clock.ts';
import type { Disk } from './ports/disk.ts';
import type { Random } from './ports/random.ts';
import type { Transport } from './ports/transport.ts';

/** The outside world, handed to a role by `main` (or by a simulation). */
export interface RolePorts {
  clock: Clock;
  random: Random;
  disk: Disk;
  transport: Transport;
  log: Log;
}

export interface RunningRole {
  /** What clients may connect to: `host:port` of gRPC, or of HTTP for a gateway. */
  readonly address: string;
  /** undefined when ready, else why not, in words for an operator. */
  notReady(): string | undefined;
  metrics(): MetricSample[];
  /** Resolves, with the reason, when the role cannot go on: the process must end with a failure then. */
  readonly failed: Promise<Error>;
  /** Drains and stops. */
  close(): Promise<void>;
}

/** One sample in Prometheus' sense; names start with `cairn_` and end with the unit. */
export interface MetricSample {
  name: string;
  help: string;
  type: 'counter' | 'gauge';
  labels: Record<string, string>;
  value: number;
}
