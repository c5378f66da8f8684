/**
 * One line's load, in a process of its own: `node generator.ts SPEC` with the spec as JSON, the result as JSON on stdout.
 * Warm-up first, then the counted time; any error voids the line.
 */
import { createHash } from 'node:crypto';
import type { Line } from './lines.ts';
import { type Answer, Connection, Signer, type Target } from './wire.ts';

export interface GeneratorSpec {
  target: Target;
  line: Line;
  warmupMs: number;
  measureMs: number;
  bucket: string;
}

export interface GeneratorResult {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  operations: number;
  errors: string[];
}

const RANGE_BYTES = 64 * 1024;
const DELETE_KEYS = 100;

interface Step {
  /** Counted units: requests, keys or bytes. */
  units: number;
  isFine: (answer: Answer) => boolean;
  run: (connection: Connection) => Promise<Answer>;
}

type NextStep = (worker: number, round: number) => Step | Promise<Step>;

const fine = (status: number) => (answer: Answer) => answer.status === status && answer.verified;

/** How many keys are there before a line that reads. */
function presentKeys(line: Line): number {
  if (line.kind === 'list') return 5000;
  return line.bytes >= 16 * 1024 * 1024 ? 4 : line.bytes >= 1024 * 1024 ? 32 : 512;
}

function keyOf(line: Line, index: number): string {
  return `${line.name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}/${String(index).padStart(9, '0')}`;
}

function makeBody(bytes: number): Buffer {
  const body = Buffer.allocUnsafe(bytes);
  let state = 0x9e3779b9;
  for (let at = 0; at + 4 <= bytes; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    body.writeInt32LE(state, at);
  }
  return body;
}

function steps(spec: GeneratorSpec, signer: Signer): NextStep {
  const { line, bucket } = spec;
  const body = makeBody(line.bytes);
  const present = presentKeys(line);
  const units = line.unit === 'MB/s' ? line.bytes / 1e6 : 1;
  const path = (key: string) => `/${bucket}/${key}`;
  const put = (key: string): Step => ({
    units,
    isFine: fine(200),
    run: (connection) => connection.request(signer.head('PUT', path(key), { bodyBytes: body.length }), { body }),
  });
  const get = (key: string): Step => ({
    units,
    isFine: fine(200),
    run: (connection) => connection.request(signer.head('GET', path(key)), { expected: body }),
  });
  const head = (key: string): Step => ({
    units,
    isFine: fine(200),
    run: (connection) => connection.request(signer.head('HEAD', path(key)), { isHead: true }),
  });
  // A number that jumps about without a random source: runs can be compared.
  const pick = (worker: number, round: number) => Math.imul(worker * 7919 + round, 2654435761) >>> 0;
  switch (line.kind) {
    case 'put':
      return (worker, round) => put(keyOf(line, present + worker * 1_000_000 + round));
    case 'get':
      return (worker, round) => get(keyOf(line, pick(worker, round) % present));
    case 'head':
      return (worker, round) => head(keyOf(line, pick(worker, round) % present));
    case 'range':
      return (worker, round) => {
        const from = pick(worker, round) % (line.bytes - RANGE_BYTES);
        const range = `bytes=${from}-${from + RANGE_BYTES - 1}`;
        const expected = body.subarray(from, from + RANGE_BYTES);
        const request = signer.head('GET', path(keyOf(line, round % present)), { range });
        return { units, isFine: fine(206), run: (connection) => connection.request(request, { expected }) };
      };
    case 'mixed':
      return (worker, round) => {
        const dice = pick(worker, round) % 100;
        const key = keyOf(line, pick(worker, round + 1) % present);
        return dice < 45 ? get(key) : dice < 75 ? head(key) : put(keyOf(line, present + worker * 1_000_000 + round));
      };
    case 'list':
      return () => ({
        units: 1000,
        isFine: (answer) => answer.status === 200 && answer.bodyBytes > 100_000,
        run: (connection) =>
          connection.request(signer.head('GET', `/${bucket}`, { query: 'list-type=2&max-keys=1000' })),
      });
    case 'delete':
      return (worker, round) => {
        const keys = Array.from({ length: DELETE_KEYS }, (_, at) =>
          keyOf(line, (worker * 100_000 + round) * DELETE_KEYS + at),
        );
        const xml = Buffer.from(
          `<Delete><Quiet>true</Quiet>${keys.map((key) => `<Object><Key>${key}</Key></Object>`).join('')}</Delete>`,
        );
        const md5 = createHash('md5').update(xml).digest('base64');
        const request = signer.head('POST', `/${bucket}`, { query: 'delete=', bodyBytes: xml.length, md5 });
        return {
          units: DELETE_KEYS,
          isFine: fine(200),
          run: (connection) => connection.request(request, { body: xml }),
        };
      };
  }
}

async function prepare(spec: GeneratorSpec, signer: Signer): Promise<void> {
  const { line, bucket, target } = spec;
  if (line.kind === 'put') return;
  const body = makeBody(line.bytes);
  const count = line.kind === 'delete' ? 0 : presentKeys(line);
  let next = 0;
  const worker = async () => {
    const connection = await Connection.open(target);
    for (let index = next++; index < count; index = next++) {
      const head = signer.head('PUT', `/${bucket}/${keyOf(line, index)}`, { bodyBytes: body.length });
      const answer = await connection.request(head, { body });
      if (answer.status !== 200) throw new Error(`preparing ${line.name}: PUT answered ${answer.status}`);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: Math.min(16, line.connections) }, worker));
}

export async function generate(spec: GeneratorSpec): Promise<GeneratorResult> {
  const signer = new Signer(spec.target, new Date());
  await prepare(spec, signer);
  const next = steps(spec, signer);
  const latencies: number[] = [];
  const errors: string[] = [];
  const started = performance.now();
  const countFrom = started + spec.warmupMs;
  const end = countFrom + spec.measureMs;
  let units = 0;
  let lastDone = countFrom;
  const worker = async (id: number) => {
    const connection = await Connection.open(spec.target);
    // At least one counted operation, however long it takes.
    let counted = 0;
    for (let round = 0; (performance.now() < end || counted === 0) && errors.length < 10; round++) {
      const step = await next(id, round);
      const sent = performance.now();
      const answer = await step.run(connection);
      const done = performance.now();
      if (!step.isFine(answer))
        errors.push(`status ${answer.status}, ${answer.bodyBytes} bytes, verified ${answer.verified}`);
      if (sent < countFrom) continue;
      counted += 1;
      units += step.units;
      lastDone = Math.max(lastDone, done);
      latencies.push(done - sent);
    }
    connection.close();
  };
  const workers = Array.from({ length: spec.line.connections }, (_, id) => worker(id));
  for (const outcome of await Promise.allSettled(workers)) {
    if (outcome.status === 'rejected') errors.push(String(outcome.reason));
  }
  latencies.sort((a, b) => a - b);
  const at = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
  return {
    perSecond: (units * 1000) / (lastDone - countFrom),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    operations: latencies.length,
    errors,
  };
}

if (import.meta.main) {
  const result = await generate(JSON.parse(process.argv[2] ?? '{}') as GeneratorSpec);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
