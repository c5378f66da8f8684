/**
 * Judges one key: is there an order of the operations, each within its time, that explains every answer? (linearizability, as defined by
 * Herlihy and Wing, 1990; the search follows Lowe, "Testing for linearizability", 2017: an effect is placed only when an answer needs it.)
 *
 * A configuration is one possible past: the value now, the running operations that have taken effect in it, and for each running
 * operation the values it has lived through. An operation whose outcome stays unknown runs forever: it may take effect
 * once, at any time after it began, or never.
 */

/** Names one write; unique in a run. */
export type Value = string;
export const ABSENT: Value = 'absent';

/** What an operation does if it takes effect; reads have none. */
export interface Effect {
  to: Value;
  /** Whether it takes effect on this value. */
  applies: (value: Value) => boolean;
}

interface Configuration {
  value: Value;
  done: ReadonlySet<number>;
  seen: ReadonlyMap<number, ReadonlySet<Value>>;
}

/** A search that grows beyond this is given up: the key is not judged any further. */
const CONFIGURATIONS_MAX = 20_000;

export class KeyHistory {
  #configurations: Configuration[] = [{ value: ABSENT, done: new Set(), seen: new Map() }];
  readonly #effects = new Map<number, Effect>();
  #unknownOutcomes = 0;
  #isUndecided = false;

  /** Writes whose outcome nobody knows. */
  get unknownOutcomes(): number {
    return this.#unknownOutcomes;
  }

  get isUndecided(): boolean {
    return this.#isUndecided;
  }

  /** What the key may hold at this moment. */
  get possible(): Value[] {
    return [...new Set(this.#configurations.map(({ value }) => value))];
  }

  began(id: number, effect?: Effect): void {
    if (effect !== undefined) this.#effects.set(id, effect);
    this.#configurations = this.#configurations.map((one) => ({
      ...one,
      seen: new Map(one.seen).set(id, new Set([one.value])),
    }));
  }

  /** @returns Whether there is still a past that explains everything. */
  tookEffect(id: number): boolean {
    return this.#keep(id, (one) => one.done.has(id));
  }

  /** It changed nothing, and while it ran the key held a value of this kind. */
  saw(id: number, fits: (value: Value) => boolean): boolean {
    this.#effects.delete(id);
    this.#drop((one) => one.done.has(id));
    return this.#keep(id, (one) => [...(one.seen.get(id) ?? [])].some(fits));
  }

  /** It certainly changed nothing. */
  failed(id: number): boolean {
    return this.saw(id, () => true);
  }

  unknown(id: number): void {
    if (this.#effects.has(id)) this.#unknownOutcomes += 1;
    this.#configurations = distinct(this.#configurations.map((one) => forgetting(one, id)));
  }

  #drop(isWrong: (one: Configuration) => boolean): void {
    this.#configurations = this.#configurations.filter((one) => !isWrong(one));
  }

  #keep(id: number, explains: (one: Configuration) => boolean): boolean {
    if (this.#isUndecided) return true;
    const kept: Configuration[] = [];
    const visited = new Set<string>();
    const open = [...this.#configurations];
    for (let one = open.pop(); one !== undefined; one = open.pop()) {
      const name = nameOf(one);
      if (visited.has(name)) continue;
      visited.add(name);
      if (visited.size > CONFIGURATIONS_MAX) {
        this.#isUndecided = true;
        return true;
      }
      if (explains(one)) kept.push(one);
      else
        for (const [other, effect] of this.#effects)
          if (mayHappen(one, other, effect)) open.push(after(one, other, effect));
    }
    this.#effects.delete(id);
    if (kept.length === 0) return false;
    this.#configurations = distinct(kept.map((one) => without(one, id)));
    return true;
  }
}

function mayHappen(one: Configuration, id: number, effect: Effect): boolean {
  return !one.done.has(id) && effect.applies(one.value);
}

function after(one: Configuration, id: number, { to }: Effect): Configuration {
  const seen = new Map([...one.seen].map(([reader, values]) => [reader, new Set([...values, to])]));
  return { value: to, done: new Set([...one.done, id]), seen };
}

/** Nobody waits for what it saw any more. */
function forgetting(one: Configuration, id: number): Configuration {
  const seen = new Map(one.seen);
  seen.delete(id);
  return { ...one, seen };
}

function without(one: Configuration, id: number): Configuration {
  const done = new Set(one.done);
  done.delete(id);
  return { ...forgetting(one, id), done };
}

function distinct(configurations: readonly Configuration[]): Configuration[] {
  return [...new Map(configurations.map((one) => [nameOf(one), one])).values()];
}

function nameOf({ value, done, seen }: Configuration): string {
  const views = [...seen].map(([id, values]) => `${id}:${[...values].sort().join(',')}`).sort();
  return `${value}|${[...done].sort((a, b) => a - b).join(',')}|${views.join(' ')}`;
}
