/**
 * The auditor judges what clients were told, and knows nothing of how the workload chose what to do. It keeps the history of every key
 * (key-history.ts) and the bytes of every write, and names each promise of CONTRACT.md that an answer breaks.
 */
import { createHash } from 'node:crypto';
import type { ListObjectsResponse } from '@cairn/core';
import { bytesOf } from '../harness/bytes.ts';
import { ABSENT, type Effect, KeyHistory, type Value } from './key-history.ts';

/** Under which condition a write takes effect: none, `*` for an object that must not be there, or the value that must be. */
export type Condition = { is: 'none' } | { is: 'absent' } | { is: 'exactly'; value: Value };

/** What a client knows of a finished operation. */
export type Outcome =
  | { is: 'done' }
  /** It certainly had no effect; nothing was said of the object. */
  | { is: 'failed' }
  /** The condition did not hold. */
  | { is: 'refused' }
  | { is: 'unknown' };

export interface Write {
  readonly id: number;
  readonly key: string;
  readonly condition: Condition;
}

export interface Put extends Write {
  readonly bytes: Buffer;
  readonly etag: string;
}

export interface Read {
  readonly id: number;
  readonly key: string;
}

/** Those from `start` to before `end`, as far as the object goes. */
export interface ReadBytes {
  start: number;
  end: number;
  bytes: Uint8Array;
}

export class Auditor {
  readonly #violated: (what: string) => void;
  readonly #keys = new Map<string, KeyHistory>();
  readonly #puts = new Map<Value, Put>();
  #operations = 0;
  #judged = 0;

  constructor(violated: (what: string) => void) {
    this.#violated = violated;
  }

  get keys(): string[] {
    return [...this.#keys.keys()];
  }

  /** Answers that were compared with the history. */
  get judged(): number {
    return this.#judged;
  }

  get undecided(): number {
    return [...this.#keys.values()].filter(({ isUndecided }) => isUndecided).length;
  }

  unknownOutcomes(key: string): number {
    return this.#keys.get(key)?.unknownOutcomes ?? 0;
  }

  /** A value that the key may hold at this moment. */
  likely(key: string): Value {
    return this.#keys.get(key)?.possible[0] ?? ABSENT;
  }

  // ---- writes ----

  /** @returns The write, with the bytes that are to be put; no two writes have the same. */
  put(key: string, options: { condition: Condition; byteCount: number }): Put {
    const { condition, byteCount } = options;
    const id = this.#nextId();
    const bytes = bytesOf(`write ${id}`, byteCount);
    // Short bodies may be alike, so the etag is made of the write's number.
    const etag = createHash('md5').update(`write ${id}`).digest('hex');
    const put = { id, key, condition, bytes, etag };
    this.#puts.set(etag, put);
    this.#history(key).began(id, { to: etag, applies: (value) => holds(condition, value) });
    return put;
  }

  delete(key: string, condition: Condition): Write {
    const id = this.#nextId();
    const effect: Effect = { to: ABSENT, applies: (value) => value !== ABSENT && holds(condition, value) };
    this.#history(key).began(id, effect);
    return { id, key, condition };
  }

  /** @param what In words, for the report. */
  ended(write: Write, what: string, outcome: Outcome): void {
    const { id, key, condition } = write;
    const history = this.#history(key);
    if (outcome.is === 'unknown') {
      history.unknown(id);
      return;
    }
    this.#judged += 1;
    const before = history.possible;
    const isFine =
      outcome.is === 'done'
        ? history.tookEffect(id)
        : outcome.is === 'failed'
          ? history.failed(id)
          : history.saw(id, (value) => !holds(condition, value));
    if (!isFine) this.#impossible(key, `${what} was answered "${outcome.is}"`, before);
  }

  /** A delete that found nothing. */
  foundNothing(write: Write): void {
    this.#see(write, ABSENT, 'a delete said there was no object');
  }

  // ---- reads ----

  read(key: string): Read {
    const id = this.#nextId();
    this.#history(key).began(id);
    return { id, key };
  }

  /** The operation was not answered. */
  unanswered({ id, key }: Read): void {
    this.#history(key).unknown(id);
  }

  absent(read: Read): void {
    this.#see(read, ABSENT, 'a read found no object');
  }

  /** An object was described, and maybe some of its bytes were read. */
  saw(read: Read, object: { etag: string; bytes: number }, body?: ReadBytes): void {
    const put = this.#puts.get(object.etag);
    if (put === undefined || put.key !== read.key) {
      this.#violated(`${read.key}: a read got etag ${object.etag}, which nobody put there`);
      return;
    }
    if (object.bytes !== put.bytes.length) {
      this.#violated(`${read.key}: write ${put.id} has ${put.bytes.length} bytes, a read was told ${object.bytes}`);
    }
    if (body !== undefined) {
      const expected = put.bytes.subarray(body.start, body.end);
      if (Buffer.compare(expected, body.bytes) !== 0) {
        this.#violated(
          `${read.key}: wrong bytes of write ${put.id}, from ${body.start} to ${body.end}, ${body.bytes.length} bytes`,
        );
      }
    }
    this.#see(read, object.etag, `a read found write ${put.id}`);
  }

  /** A page was listed. `reads` began before it was asked for. */
  listed(reads: readonly Read[], page: ListObjectsResponse, startAfter: string): void {
    const entries = new Map(page.objects.map((object) => [object.key, object]));
    let before = startAfter;
    for (const { key } of page.objects) {
      if (Buffer.compare(Buffer.from(before), Buffer.from(key)) >= 0)
        this.#violated(`a listing has ${key} behind ${before}`);
      if (!this.#keys.has(key)) this.#violated(`a listing has ${key}, which nobody put`);
      before = key;
    }
    const isCovered = (key: string) => page.nextStartAfter === '' || key <= page.nextStartAfter;
    for (const read of reads) {
      const entry = entries.get(read.key);
      if (entry !== undefined) this.saw(read, entry);
      else if (isCovered(read.key)) this.#see(read, ABSENT, 'a listing left it out');
      else this.unanswered(read);
    }
  }

  #see({ id, key }: Read, value: Value, what: string): void {
    this.#judged += 1;
    const history = this.#history(key);
    const before = history.possible;
    if (!history.saw(id, (one) => one === value)) this.#impossible(key, what, before);
  }

  #impossible(key: string, what: string, before: readonly Value[]): void {
    const could = before.map((value) => (value === ABSENT ? ABSENT : `write ${this.#puts.get(value)?.id}`));
    this.#violated(`${key}: ${what}, but no order of the operations explains that; it held ${could.join(' or ')}`);
  }

  #history(key: string): KeyHistory {
    let history = this.#keys.get(key);
    if (history === undefined) {
      history = new KeyHistory();
      this.#keys.set(key, history);
    }
    return history;
  }

  #nextId(): number {
    this.#operations += 1;
    return this.#operations;
  }
}

function holds(condition: Condition, value: Value): boolean {
  if (condition.is === 'none') return true;
  return condition.is === 'absent' ? value === ABSENT : value === condition.value;
}
