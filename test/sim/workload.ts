/**
 * The workload: workers that put, overwrite, delete, read and list as users would, and tell the auditor what they asked and what they
 * were told. A worker whose client crashes goes on with the next one; what it was doing has an unknown outcome.
 */
import { CairnError, type ErrorCode, sleep, toCairnError } from '@cairn/core';
import type { SeededRandom } from '@cairn/core/testing';
import type { Auditor, Condition, Put, Read } from './auditor.ts';
import { ABSENT } from './key-history.ts';
import { CHUNK_BYTES, type SimulatedClient, type World } from './world.ts';

export const BUCKET = 'simulation';
/** How many keys are written at a time: few for races, more for breadth; which of them, is drawn for each run. */
const KEYS_AT_ONCE = [3, 10, 30];
/** A key with more writes of unknown outcome gets no further ones: each doubles the number of its possible pasts. */
const UNKNOWN_OUTCOMES_MAX = 2;
const PAUSE_MS = [1, 300] as const;
const BYTE_COUNTS = [0, 1, 100, 4096, 65_535, 65_536, 65_537, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 77];

/** Codes after which an operation certainly had no effect. */
const NO_EFFECT: readonly ErrorCode[] = ['WRITE_QUORUM_UNAVAILABLE', 'STORAGE_FULL', 'SESSION_NOT_FOUND'];
/** Codes that a fault explains. What is in neither list is a violation. */
const EXPLAINED: readonly ErrorCode[] = [
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'CANCELLED',
  'OVERLOADED',
  'LEADER_UNKNOWN',
];

/** The client died before it had an answer. */
const NO_ANSWER = new CairnError('CANCELLED', 'the client crashed');

export interface WorkloadOptions {
  world: World;
  auditor: Auditor;
  random: SeededRandom;
  workers: number;
  violated: (what: string) => void;
}

interface Operation {
  who: string;
  what: string;
}

export class Workload {
  readonly #options: WorkloadOptions;
  #keysMade = 0;
  readonly #keys: string[] = [];
  #stopped = false;
  #running = 0;
  #answered = 0;
  #unanswered = 0;

  constructor(options: WorkloadOptions) {
    this.#options = options;
    const keys = KEYS_AT_ONCE[options.random.below(KEYS_AT_ONCE.length)] as number;
    for (let at = 0; at < keys; at++) this.#keys.push(this.#newKey());
  }

  /** Operations that succeeded or were refused as they should be, and those that failed. */
  get counts(): { answered: number; unanswered: number } {
    return { answered: this.#answered, unanswered: this.#unanswered };
  }

  get isIdle(): boolean {
    return this.#running === 0;
  }

  start(): void {
    const { workers, random } = this.#options;
    for (let at = 0; at < workers; at++) {
      this.#running += 1;
      void this.#work(at, random.fork(`worker ${at}`)).finally(() => {
        this.#running -= 1;
      });
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Reads an object whole. @returns Whether there was an answer. */
  async get(at: number, key: string): Promise<boolean> {
    const read = this.#options.auditor.read(key);
    return await this.#observe(at, read, `get ${key}`, async (client) => {
      const download = await client.cairn.bucket(BUCKET).get(key);
      const bytes = await download.bytes();
      return () =>
        this.#options.auditor.saw(read, download.version, { start: 0, end: Number.POSITIVE_INFINITY, bytes });
    });
  }

  /** Lists everything, page after page. @returns Whether there was an answer. */
  async list(at: number, pageEntries: number): Promise<boolean> {
    const { auditor } = this.#options;
    for (let startAfter = ''; ; ) {
      const after = startAfter;
      const reads = auditor.keys.filter((key) => key > after).map((key) => auditor.read(key));
      const page = await this.#ask(at, `list after "${after}"`, ({ cairn }) =>
        cairn.bucket(BUCKET).listPage({ startAfter: after, limit: pageEntries }),
      );
      if (page instanceof CairnError) {
        for (const read of reads) auditor.unanswered(read);
        return false;
      }
      auditor.listed(reads, page, after);
      if (page.nextStartAfter === '') return true;
      startAfter = page.nextStartAfter;
    }
  }

  async put(at: number, put: Put, body: Uint8Array | AsyncIterable<Uint8Array> = put.bytes): Promise<boolean> {
    const { auditor } = this.#options;
    const what = `put ${put.key} (write ${put.id}, ${put.bytes.length} bytes, if ${put.condition.is})`;
    const { etag } = put;
    const answer = await this.#ask(at, what, ({ cairn }) =>
      cairn.bucket(BUCKET).put(put.key, body, { etag, ...preconditionOf(put.condition) }),
    );
    auditor.ended(put, what, outcomeOf(answer, put.condition));
    return !(answer instanceof CairnError);
  }

  async #work(worker: number, random: SeededRandom): Promise<void> {
    const { world, violated } = this.#options;
    const at = worker % world.clients.length;
    try {
      while (!this.#stopped) {
        await sleep(world.time, PAUSE_MS[0] + random.fraction() * (PAUSE_MS[1] - PAUSE_MS[0]));
        await this.#step(at, random);
      }
    } catch (error) {
      violated(`a worker ended: ${(error as Error).stack}`);
    }
  }

  async #step(at: number, random: SeededRandom): Promise<void> {
    const chance = random.fraction();
    const place = random.below(this.#keys.length);
    const key = this.#keys[place] as string;
    const mayWrite = this.#options.auditor.unknownOutcomes(key) < UNKNOWN_OUTCOMES_MAX;
    if (!mayWrite && random.fraction() < 0.5) this.#keys[place] = this.#newKey();
    if (chance < 0.4 && mayWrite) await this.#somePut(at, key, random);
    else if (chance < 0.5 && mayWrite) await this.#delete(at, key, random);
    else if (chance < 0.8) await this.get(at, key);
    else if (chance < 0.87) await this.#head(at, key);
    else if (chance < 0.95) await this.#range(at, key, random);
    else await this.list(at, 1 + random.below(20));
  }

  async #somePut(at: number, key: string, random: SeededRandom): Promise<void> {
    const byteCount =
      random.fraction() < 0.5 ? (BYTE_COUNTS[random.below(BYTE_COUNTS.length)] as number) : random.below(9000);
    const put = this.#options.auditor.put(key, { condition: this.#condition(key, random), byteCount });
    await this.put(at, put, random.fraction() < 0.3 ? inPieces(put.bytes, 1 + random.below(70_000)) : put.bytes);
  }

  async #delete(at: number, key: string, random: SeededRandom): Promise<void> {
    const { auditor } = this.#options;
    const guess = this.#condition(key, random);
    const condition: Condition = guess.is === 'absent' ? { is: 'none' } : guess;
    const write = auditor.delete(key, condition);
    const what = `delete ${key} (write ${write.id}, if ${condition.is})`;
    const answer = await this.#ask(at, what, ({ cairn }) =>
      cairn.bucket(BUCKET).delete(key, { ifMatch: preconditionOf(condition).ifMatch }),
    );
    if (!(answer instanceof CairnError) && !answer.existed) auditor.foundNothing(write);
    else auditor.ended(write, what, outcomeOf(answer, condition));
  }

  async #head(at: number, key: string): Promise<void> {
    const read = this.#options.auditor.read(key);
    await this.#observe(at, read, `head ${key}`, async ({ cairn }) => {
      const version = await cairn.bucket(BUCKET).head(key);
      return () => this.#options.auditor.saw(read, version);
    });
  }

  async #range(at: number, key: string, random: SeededRandom): Promise<void> {
    const read = this.#options.auditor.read(key);
    const start = random.below(2) * random.below(2 * CHUNK_BYTES);
    const end = start + 1 + random.below(2 * CHUNK_BYTES);
    await this.#observe(at, read, `get ${key} from ${start} to ${end}`, async ({ cairn }) => {
      const download = await cairn.bucket(BUCKET).get(key, { range: { start, end: end - 1 } });
      const bytes = await download.bytes();
      return () => this.#options.auditor.saw(read, download.version, { start, end, bytes });
    });
  }

  /** @param ask Resolves to what the auditor is to be told. */
  async #observe(
    at: number,
    read: Read,
    what: string,
    ask: (client: SimulatedClient) => Promise<() => void>,
  ): Promise<boolean> {
    const { auditor } = this.#options;
    const answer = await this.#ask(at, what, ask);
    if (!(answer instanceof CairnError)) answer();
    else if (answer.code === 'OBJECT_NOT_FOUND') auditor.absent(read);
    else auditor.unanswered(read);
    return !(answer instanceof CairnError) || answer.code === 'OBJECT_NOT_FOUND';
  }

  /** @returns The answer, or the error; an error that no fault explains is a violation. */
  async #ask<T>(at: number, what: string, ask: (client: SimulatedClient) => Promise<T>): Promise<T | CairnError> {
    const { world, violated } = this.#options;
    const client = world.client(at);
    const crashed = client.died.then(() => NO_ANSWER);
    const answer = await Promise.race([ask(client).catch(toCairnError), crashed]);
    const operation: Operation = { who: client.name, what };
    if (!(answer instanceof CairnError)) {
      this.#answered += 1;
      world.events.add(operation.who, `${what}: ok`);
      return answer;
    }
    world.events.add(operation.who, `${what}: ${answer.code}: ${answer.message}`);
    if (
      answer.code === 'PRECONDITION_FAILED' ||
      answer.code === 'OBJECT_NOT_FOUND' ||
      answer.code === 'RANGE_INVALID'
    ) {
      this.#answered += 1;
    } else if ([...NO_EFFECT, ...EXPLAINED].includes(answer.code)) this.#unanswered += 1;
    else violated(`${client.name}: ${what}: ${answer.code}: ${answer.message}`);
    return answer;
  }

  #condition(key: string, random: SeededRandom): Condition {
    const chance = random.fraction();
    if (chance < 0.6) return { is: 'none' };
    if (chance < 0.8) return { is: 'absent' };
    const value = this.#options.auditor.likely(key);
    return value === ABSENT ? { is: 'absent' } : { is: 'exactly', value };
  }

  #newKey(): string {
    this.#keysMade += 1;
    return `${'abc'[this.#keysMade % 3]}/${this.#keysMade}`;
  }
}

function preconditionOf(condition: Condition): { ifMatch?: string; ifNoneMatch?: string } {
  if (condition.is === 'none') return {};
  return condition.is === 'absent' ? { ifNoneMatch: '*' } : { ifMatch: condition.value };
}

function outcomeOf(answer: unknown, condition: Condition) {
  if (!(answer instanceof CairnError)) return { is: 'done' } as const;
  const isRefused =
    answer.code === 'PRECONDITION_FAILED' || (condition.is === 'exactly' && answer.code === 'OBJECT_NOT_FOUND');
  if (isRefused) return { is: 'refused' } as const;
  return NO_EFFECT.includes(answer.code) ? ({ is: 'failed' } as const) : ({ is: 'unknown' } as const);
}

async function* inPieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}
