/** `cairn dev` with real processes: start, commands, restarts, refusals and the ways to stop. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from './dev/run-lock.ts';

const ENTRY = path.join(import.meta.dirname, '../bin/cairn.js');
const DEADLINE_MS = 25_000;

let base: string;
let data: string;
let supervisor: ChildProcess | undefined;
let screen = '';

/** The environment without what would change how cairn behaves. */
function environment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(CAIRN_|CRASH_AT|NODE_OPTIONS|VITEST)/.test(name));
  return { ...Object.fromEntries(kept), ...extra };
}

interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function cairn(
  args: string[],
  options: { input?: string; env?: Record<string, string> } = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [ENTRY, ...args], {
    env: environment({ CAIRN_CLUSTER: data, ...options.env }),
  });
  const finished = { code: null, stdout: '', stderr: '' } as Finished;
  child.stdout.on('data', (text) => {
    finished.stdout += text;
  });
  child.stderr.on('data', (text) => {
    finished.stderr += text;
  });
  child.stdin.end(options.input ?? '');
  [finished.code] = await once(child, 'close');
  return finished;
}

async function eventually(what: string, holds: () => boolean): Promise<void> {
  const until = performance.now() + DEADLINE_MS;
  while (!holds()) {
    if (performance.now() > until) throw new Error(`not in time: ${what}\n${screen}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const runFile = (name: string) => path.join(data, 'run', name);
const isReady = () => fs.existsSync(runFile('ready'));
const pidOf = (name: string) => Number(fs.readFileSync(runFile(`${name}.pid`), 'utf8'));
const pidFiles = () => fs.readdirSync(path.join(data, 'run')).filter((name) => name.endsWith('.pid'));

async function start(...args: string[]): Promise<void> {
  const child = spawn(
    process.execPath,
    [ENTRY, 'dev', '--data', data, '--s3', '127.0.0.1:0', '--profile', 'test', '--gateways', '1', ...args],
    { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  screen = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      screen += text;
    });
  }
  supervisor = child;
  await eventually('cairn dev is ready', () => {
    if (child.exitCode !== null) throw new Error(`cairn dev ended\n${screen}`);
    return isReady() && screen.includes('Ctrl-C');
  });
}

async function stop(): Promise<number | null> {
  const child = supervisor as ChildProcess;
  if (child.exitCode === null) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  return child.exitCode;
}

beforeAll(async () => {
  base = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-dev-'));
  data = path.join(base, 'data');
  await start();
}, 60_000);

afterAll(async () => {
  if (supervisor?.exitCode === null && supervisor.signalCode === null) await stop();
  fs.rmSync(base, { recursive: true, force: true });
}, 60_000);

describe('a running cluster', () => {
  it('has a process, a pid file and an address for each role, and secrets for its owner only', async () => {
    const names = ['gateway-1', 'metadata-server-1', 'storage-node-1', 'storage-node-2', 'storage-node-3'];
    expect(pidFiles().sort()).toEqual([...names, 'supervisor'].map((name) => `${name}.pid`));
    expect(pidOf('supervisor')).toBe(supervisor?.pid);
    const { roles } = JSON.parse(fs.readFileSync(runFile('endpoints.json'), 'utf8'));
    expect(Object.keys(roles).sort()).toEqual(names);
    for (const name of names) {
      expect(isAlive(pidOf(name))).toBe(true);
      expect((await fetch(`http://${roles[name].admin}/readyz`)).status).toBe(200);
      expect((await fetch(`http://${roles[name].admin}/metrics`)).status).toBe(200);
      expect(fs.statSync(runFile(`${name}.json`)).mode & 0o777).toBe(0o600);
    }
    for (const secret of ['credentials', 'cluster-secret']) {
      expect(fs.statSync(path.join(data, secret)).mode & 0o777).toBe(0o600);
    }
  });

  it('shows the endpoint, and the new key this once', () => {
    const secret = /aws_secret_access_key = (\S+)/.exec(fs.readFileSync(path.join(data, 'credentials'), 'utf8'))?.[1];
    const { s3 } = JSON.parse(fs.readFileSync(runFile('endpoints.json'), 'utf8'));
    expect(screen).toContain(s3);
    expect(screen).toContain(secret as string);
  });

  it('is healthy, by its own account', async () => {
    const { code, stdout, stderr } = await cairn(['status', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const status = JSON.parse(stdout);
    expect(status.health).toBe('ok');
    expect(status.nodes.map(({ id }: { id: string }) => id).sort()).toEqual([
      'storage-node-1',
      'storage-node-2',
      'storage-node-3',
    ]);
  });

  it('keeps what is put into it', async () => {
    const folder = path.join(base, 'in');
    fs.mkdirSync(path.join(folder, 'deep'), { recursive: true });
    fs.writeFileSync(path.join(folder, 'small'), 'small');
    fs.writeFileSync(path.join(folder, 'deep', 'empty'), '');
    fs.writeFileSync(path.join(folder, 'deep', 'large'), Buffer.alloc(9_000_001, 'large'));
    expect((await cairn(['mb', 'kept'])).code).toBe(0);
    expect(await cairn(['put', '-r', folder, 'kept/in'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('3 files'),
    });
    expect(await cairn(['put', '-r', folder, 'kept/in'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('3 were there already'),
    });
    expect(await cairn(['put', '-', 'kept/stdin'], { input: 'from a pipe' })).toMatchObject({ code: 0, stderr: '' });
    expect((await cairn(['cat', 'kept/stdin'])).stdout).toBe('from a pipe');
    const out = path.join(base, 'out');
    expect((await cairn(['get', '-r', 'kept/in', out])).code).toBe(0);
    for (const name of ['small', 'deep/empty', 'deep/large']) {
      expect(fs.readFileSync(path.join(out, name)).equals(fs.readFileSync(path.join(folder, name)))).toBe(true);
    }
    const { entries } = JSON.parse((await cairn(['ls', '-r', 'kept', '--json'])).stdout);
    expect(entries.map(({ key }: { key: string }) => key)).toEqual([
      'in/deep/empty',
      'in/deep/large',
      'in/small',
      'stdin',
    ]);
    expect((await cairn(['rm', 'kept/stdin'])).code).toBe(0);
    expect(await cairn(['cat', 'kept/stdin'])).toMatchObject({ code: 1, stdout: '' });
  });

  it('continues a download, and starts it anew when its beginning is something else', async () => {
    const whole = fs.readFileSync(path.join(base, 'in/deep/large'));
    const file = path.join(base, 'large');
    for (const part of [whole.subarray(0, 5_000_000), Buffer.alloc(5_000_000)]) {
      fs.writeFileSync(`${file}.part`, part);
      expect(await cairn(['get', 'kept/in/deep/large', file])).toMatchObject({ code: 0, stderr: '' });
      expect(fs.readFileSync(file).equals(whole)).toBe(true);
      expect(fs.existsSync(`${file}.part`)).toBe(false);
      fs.rmSync(file);
    }
  });

  it('lists failures per file and goes on with the others', async () => {
    const folder = path.join(base, 'in');
    fs.symlinkSync('/nowhere', path.join(folder, 'broken'));
    const { code, stdout, stderr } = await cairn(['put', '-r', folder, 'kept/again']);
    expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringContaining('3 files') });
    expect(stderr).toMatch(/^cairn: .*broken: .*ENOENT.*\n$/);
  });

  it('answers what cannot be done with one line and an exit code', async () => {
    const cases: [string[], number][] = [
      [['ls', 'absent-bucket'], 1],
      [['mb', 'kept'], 1],
      [['rb', 'kept'], 1],
      [['get', 'kept/absent', path.join(base, 'absent')], 1],
      [['put', '/nowhere', 'kept/x'], 1],
      [['drain', 'storage-node-1'], 2],
      [['status', '--cluster', path.join(base, 'nowhere')], 3],
    ];
    for (const [args, code] of cases) {
      const done = await cairn(args);
      expect({ args, code: done.code, stdout: done.stdout }).toEqual({ args, code, stdout: '' });
      expect(done.stderr).toMatch(/^cairn: [^\n]+\n$/);
    }
  });

  it('refuses a second cairn dev on its folder and is not harmed', async () => {
    const second = await cairn(['dev', '--data', data, '--s3', '127.0.0.1:0']);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(String(supervisor?.pid));
    expect(isReady()).toBe(true);
    expect(pidOf('supervisor')).toBe(supervisor?.pid);
  });

  it('refuses another cluster on its S3 port and names the flag', async () => {
    const { s3 } = JSON.parse(fs.readFileSync(runFile('endpoints.json'), 'utf8'));
    const second = await cairn(['dev', '--data', path.join(base, 'second'), '--s3', new URL(s3).host]);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/--s3 .*another program uses it/);
  });
});

describe('a role that is killed', () => {
  it.each(['storage-node-2', 'metadata-server-1', 'gateway-1'])(
    '%s is started again at its address, and this is on record',
    async (name) => {
      const address = () => JSON.parse(fs.readFileSync(runFile('endpoints.json'), 'utf8')).roles[name].address;
      const before = { pid: pidOf(name), address: address() };
      process.kill(before.pid, 'SIGKILL');
      await eventually(`${name} runs again`, () => fs.existsSync(runFile(`${name}.pid`)) && pidOf(name) !== before.pid);
      expect(address()).toBe(before.address);
      const events = fs.readFileSync(path.join(data, 'events.jsonl'), 'utf8');
      expect(events).toMatch(new RegExp(`"event":"role-died","role":"${name}","pid":${before.pid},.*SIGKILL`));
      expect(events).toContain(`"event":"role-restarting","role":"${name}","restarts":1`);
      expect((await cairn(['cat', 'kept/in/small'])).stdout).toBe('small');
    },
  );
});

describe('a stop', () => {
  it('by SIGTERM drains, ends with 0 and leaves no process, pid file or ready file', async () => {
    const pids = pidFiles().map((name) => pidOf(name.slice(0, -'.pid'.length)));
    expect(await stop()).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(pidFiles()).toEqual([]);
    expect(isReady()).toBe(false);
    expect(await cairn(['status'])).toMatchObject({ code: 3, stdout: '' });
  }, 40_000);

  it('is followed by a start that has everything, at the same addresses, without showing the key again', async () => {
    const before = fs.readFileSync(runFile('endpoints.json'), 'utf8');
    await start();
    expect(screen).not.toContain('root key was made');
    expect(fs.readFileSync(runFile('endpoints.json'), 'utf8')).toBe(before);
    expect((await cairn(['cat', 'kept/in/small'])).stdout).toBe('small');
  }, 40_000);

  it('by kill -9 of the supervisor ends its roles, and the next start resumes', async () => {
    const pids = pidFiles().map((name) => pidOf(name.slice(0, -'.pid'.length)));
    supervisor?.kill('SIGKILL');
    await eventually('all roles have ended', () => !pids.some(isAlive));
    await start();
    expect((await cairn(['cat', 'kept/in/small'])).stdout).toBe('small');
    expect(await stop()).toBe(0);
  }, 60_000);
});
