/** A real cluster for tests: `cairn dev` with its processes, folders and sockets, and ways to break it. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { CAIRN, eventually, type Finished, freePort, Running, type RunOptions, run } from './processes.ts';

export interface ClusterOptions {
  nodes?: number;
  /** 1 unless named; `auto` leaves it to `cairn dev`. */
  gateways?: number | 'auto';
  /** More arguments for `cairn dev`. */
  args?: string[];
  env?: Record<string, string>;
}

export interface Endpoints {
  s3: string;
  roles: Record<string, { address: string; admin: string }>;
}

export interface Status {
  health: 'ok' | 'degraded' | 'critical';
  reasons: string[];
  epoch: number;
  leader: string;
  nodes: { id: string; state: string; volumes: number; usedBytes: number; address: string }[];
  volumes: { total: number; open: number; sealed: number; underReplicated: number; lost: number };
}

export class TestCluster {
  readonly dataDir: string;
  readonly s3Port: number;
  readonly #options: ClusterOptions;
  #supervisor: Running | undefined;
  readonly #lone = new Map<string, Running>();
  readonly #commands: Running[] = [];

  private constructor(dataDir: string, s3Port: number, options: ClusterOptions) {
    this.dataDir = dataDir;
    this.s3Port = s3Port;
    this.#options = options;
  }

  static async start(options: ClusterOptions = {}): Promise<TestCluster> {
    const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-test-'));
    const cluster = new TestCluster(dataDir, await freePort(), options);
    await cluster.startAgain();
    return cluster;
  }

  /** Starts `cairn dev` on the folder, whatever lies in it, and waits until clients may start. */
  async startAgain(more: { args?: string[]; env?: Record<string, string> } = {}): Promise<void> {
    const { nodes = 3, gateways = 1, args = [], env = {} } = this.#options;
    fs.rmSync(path.join(this.dataDir, 'run', 'ready'), { force: true });
    const supervisor = new Running(
      process.execPath,
      [
        CAIRN,
        'dev',
        ...['--data', this.dataDir, '--nodes', String(nodes)],
        ...(gateways === 'auto' ? [] : ['--gateways', String(gateways)]),
        ...['--s3', `127.0.0.1:${this.s3Port}`, '--profile', 'test'],
        ...args,
        ...(more.args ?? []),
      ],
      { env: { ...env, ...more.env } },
    );
    this.#supervisor = supervisor;
    await eventually('the cluster is ready', () => {
      if (!supervisor.alive) throw new Error(`cairn dev ended\n${supervisor.stdout}\n${supervisor.stderr}`);
      return fs.existsSync(path.join(this.dataDir, 'run', 'ready'));
    });
  }

  get supervisor(): Running {
    if (this.#supervisor === undefined) throw new Error('the cluster was not started');
    return this.#supervisor;
  }

  get endpoints(): Endpoints {
    return JSON.parse(fs.readFileSync(path.join(this.dataDir, 'run', 'endpoints.json'), 'utf8')) as Endpoints;
  }

  get credentials(): { accessKeyId: string; secretAccessKey: string } {
    const text = fs.readFileSync(path.join(this.dataDir, 'credentials'), 'utf8');
    const value = (name: string) => new RegExp(`^${name}\\s*=\\s*(\\S+)`, 'm').exec(text)?.[1] ?? '';
    return { accessKeyId: value('aws_access_key_id'), secretAccessKey: value('aws_secret_access_key') };
  }

  get s3Url(): string {
    return `http://127.0.0.1:${this.s3Port}`;
  }

  /** The stock client; path style, since 127.0.0.1 has no subdomains. All else is its default. */
  s3(config: S3ClientConfig = {}): S3Client {
    return new S3Client({
      endpoint: this.s3Url,
      region: 'us-east-1',
      credentials: this.credentials,
      forcePathStyle: true,
      ...config,
    });
  }

  /** Runs a `cairn` command against this cluster. */
  cairn(args: string[], options: RunOptions = {}): Promise<Finished> {
    return run(process.execPath, [CAIRN, ...args], {
      ...options,
      env: { CAIRN_CLUSTER: this.dataDir, ...options.env },
    });
  }

  /** Starts a `cairn` command against this cluster and lets it run; it is ended with the cluster. */
  startCairn(args: string[]): Running {
    const running = new Running(process.execPath, [CAIRN, ...args], { env: { CAIRN_CLUSTER: this.dataDir } });
    this.#commands.push(running);
    return running;
  }

  async status(): Promise<Status> {
    const done = await this.cairn(['status', '--json']);
    if (done.code !== 0) throw new Error(`cairn status ended with ${done.code}: ${done.stderr}`);
    return JSON.parse(done.stdout) as Status;
  }

  /** For example `storage-node-1`. */
  pid(role: string): number {
    return Number(fs.readFileSync(path.join(this.dataDir, 'run', `${role}.pid`), 'utf8'));
  }

  get roles(): string[] {
    const names = fs.readdirSync(path.join(this.dataDir, 'run')).filter((name) => name.endsWith('.pid'));
    return names.map((name) => name.slice(0, -'.pid'.length)).filter((name) => name !== 'supervisor');
  }

  signal(role: string, signal: NodeJS.Signals): void {
    process.kill(this.pid(role), signal);
  }

  /** Waits until the process of this role is gone. */
  async gone(pid: number): Promise<void> {
    await eventually(`process ${pid} ends`, () => !isAlive(pid));
  }

  /** kill -9 of the role; with `--no-restart` it stays dead. */
  async kill(role: string): Promise<void> {
    const pid = this.pid(role);
    process.kill(pid, 'SIGKILL');
    await this.gone(pid);
  }

  /** kill -9 of everything at once, the supervisor first so that it restarts nothing. */
  async killAll(): Promise<void> {
    const pids = [this.supervisor.pid, ...this.roles.map((role) => this.pid(role))];
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    for (const running of this.#lone.values()) running.kill('SIGKILL');
    await Promise.all(pids.map((pid) => this.gone(pid)));
  }

  /** Starts one role by itself with the config that `cairn dev` wrote for it. */
  startAlone(role: string, env: Record<string, string> = {}): Running {
    const name = role.replace(/-\d+$/, '');
    const config = path.join(this.dataDir, 'run', `${role}.json`);
    const running = new Running(process.execPath, [CAIRN, name, '--config', config], { env });
    this.#lone.set(role, running);
    return running;
  }

  /** kill -9 of a role that was started alone. */
  async stopAlone(role: string): Promise<void> {
    const running = this.#lone.get(role);
    running?.kill('SIGKILL');
    await running?.finished;
  }

  async nodeState(id: string, state: string, timeoutMs = 20_000): Promise<void> {
    await eventually(
      `${id} is ${state}`,
      async () => (await this.status()).nodes.find((node) => node.id === id)?.state === state,
      {
        timeoutMs,
        everyMs: 200,
      },
    );
  }

  /** A clean stop. @returns The exit code of `cairn dev`. */
  async stop(): Promise<number | null> {
    for (const running of this.#lone.values()) running.kill('SIGTERM');
    this.supervisor.kill('SIGTERM');
    const { code } = await this.supervisor.finished;
    return code;
  }

  /** Ends whatever still runs and removes the folder. */
  async destroy(): Promise<void> {
    for (const running of this.#commands) running.kill('SIGKILL');
    for (const running of this.#lone.values()) running.kill('SIGKILL');
    if (this.#supervisor?.alive) {
      this.#supervisor.kill('SIGTERM');
      const timer = setTimeout(() => void this.killAll(), 10_000);
      await this.#supervisor.finished;
      clearTimeout(timer);
    }
    fs.rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that its parent has not reaped counts as gone.
    return !/^\d+ \(.*\) Z/.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
