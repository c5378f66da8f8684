/**
 * `npm run bench [-- --quick] [--json] [--only NAME] [--nodes N] [--gateways N]`: the set of DESIGN.md section 12 against a cluster of its own,
 * three copies, fsync, checksums verified, with the machine's own limits measured before and after.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { TestCluster } from '../harness/cluster.ts';
import { run } from '../harness/processes.ts';
import type { GeneratorResult, GeneratorSpec } from './generator.ts';
import { type MachineLimits, measureLimits } from './limits.ts';
import { LINES, type Line } from './lines.ts';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    nodes: { type: 'string', default: '3' },
    gateways: { type: 'string' },
    seconds: { type: 'string' },
  },
});

/** MD5 of the machine on which the goals were set, MB/s. */
const MD5_REFERENCE = 560;

interface RoleUse {
  cpuMs: number;
  peakBytes: number;
}

interface Row extends GeneratorResult {
  line: string;
  unit: string;
  goal: number;
  cpuMsPerUnit: Record<string, number>;
}

function say(text: string): void {
  if (!flags.json) process.stdout.write(`${text}\n`);
}

/** CPU time and peak memory of every process of the cluster, as the kernel counts them. */
function roleUse(cluster: TestCluster): Map<string, RoleUse> {
  return new Map(
    cluster.roles.map((role) => {
      const pid = cluster.pid(role);
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
      // Fields 14 and 15 of proc_pid_stat(5) are in clock ticks of 10 ms.
      const cpuMs = (Number(fields[11]) + Number(fields[12])) * 10;
      return [role, { cpuMs, peakBytes: Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024 }];
    }),
  );
}

async function measure(cluster: TestCluster, line: Line): Promise<Row> {
  const seconds = Number(flags.seconds ?? (flags.quick ? 4 : 8));
  const { accessKeyId, secretAccessKey } = cluster.credentials;
  const spec: GeneratorSpec = {
    target: { host: '127.0.0.1', port: cluster.s3Port, accessKey: accessKeyId, secretKey: secretAccessKey },
    line,
    warmupMs: 1500,
    measureMs: seconds * 1000,
    bucket: 'bench',
  };
  const before = roleUse(cluster);
  const generator = path.join(import.meta.dirname, 'generator.ts');
  const done = await run(process.execPath, [generator, JSON.stringify(spec)], { timeoutMs: 180_000 });
  if (done.code !== 0) throw new Error(`${line.name}: the generator failed\n${done.stderr}`);
  const result = JSON.parse(done.stdout) as GeneratorResult;
  const after = roleUse(cluster);
  const total = result.perSecond * (seconds + 1.5);
  const cpuMsPerUnit: Record<string, number> = {};
  for (const [role, use] of after) {
    const kind = role.replace(/-\d+$/, '');
    cpuMsPerUnit[kind] = (cpuMsPerUnit[kind] ?? 0) + (use.cpuMs - (before.get(role)?.cpuMs ?? 0)) / total;
  }
  return { ...result, line: `${line.name} (${line.connections})`, unit: line.unit, goal: line.goal, cpuMsPerUnit };
}

function show(row: Row, limits: MachineLimits): void {
  if (row.errors.length > 0) {
    say(`${row.line.padEnd(30)} VOID: ${row.errors[0]}`);
    return;
  }
  const scaled = (row.goal * limits.md5) / MD5_REFERENCE;
  const cpu = Object.entries(row.cpuMsPerUnit).map(([role, ms]) => `${role} ${ms.toFixed(3)}`);
  const figure = `${Math.round(row.perSecond).toLocaleString('en')} ${row.unit}`;
  const share = `${Math.round((100 * row.perSecond) / scaled)} % of the scaled goal ${Math.round(scaled).toLocaleString('en')}`;
  say(`${row.line.padEnd(30)} ${figure.padStart(15)}   ${share}`);
  say(
    `${' '.repeat(30)} p50 ${row.p50Ms.toFixed(1)} ms, p99 ${row.p99Ms.toFixed(1)} ms, max ${row.maxMs.toFixed(0)} ms; CPU ms per unit: ${cpu.join(', ')}`,
  );
}

function showLimits(when: string, limits: MachineLimits): void {
  const round = (value: number) => Math.round(value).toLocaleString('en');
  say(
    `machine ${when}: MD5 ${round(limits.md5)} MB/s, fdatasynced 4 KiB appends ${round(limits.syncedAppends)}/s, 8 MiB to three files ${round(limits.tripleAppends)} MB/s each, loopback ${round(limits.loopback)} MB/s, null fastify PUT 4 KiB ${round(limits.nullPut)}/s`,
  );
}

const chosen = LINES.filter((line) =>
  flags.only === undefined ? !flags.quick || line.quick : line.name.includes(flags.only),
);
const before = await measureLimits();
showLimits('before', before);
const gateways = flags.gateways === undefined ? 'auto' : Number(flags.gateways);
const cluster = await TestCluster.start({ nodes: Number(flags.nodes), gateways, args: ['--profile', 'production'] });
const rows: Row[] = [];
let memory: Record<string, number> = {};
try {
  await cluster.s3().send(new CreateBucketCommand({ Bucket: 'bench' }));
  for (const line of chosen) {
    const row = await measure(cluster, line);
    rows.push(row);
    show(row, before);
  }
  memory = Object.fromEntries([...roleUse(cluster)].map(([role, use]) => [role, use.peakBytes]));
} finally {
  await cluster.destroy();
}
const after = await measureLimits();
showLimits('after', after);
const total = Object.values(memory).reduce((sum, bytes) => sum + bytes, 0);
say(
  `peak memory: ${Object.entries(memory)
    .map(([role, bytes]) => `${role} ${Math.round(bytes / 2 ** 20)} MiB`)
    .join(', ')}; sum ${Math.round(total / 2 ** 20)} MiB`,
);
if (flags.json) process.stdout.write(`${JSON.stringify({ before, rows, memory, after })}\n`);
if (rows.some((row) => row.errors.length > 0)) process.exitCode = 1;
