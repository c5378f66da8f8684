/** The simulated cluster under fixed seeds; `npm run sim` goes on from any other. And proof that its auditor notices. */
import { describe, expect, it } from 'vitest';
import { Auditor } from '../sim/auditor.ts';
import { ABSENT, KeyHistory } from '../sim/key-history.ts';
import { simulate } from '../sim/simulation.ts';

describe('a simulated cluster', () => {
  it.each([1, 2, 3])('keeps every promise under the faults of seed %i', async (seed) => {
    const { violations, lastEvents, judged, undecided } = await simulate({ seed, simulatedMs: 30_000 });
    expect({ violations, lastEvents: violations.length > 0 ? lastEvents : [] }).toEqual({
      violations: [],
      lastEvents: [],
    });
    expect(judged).toBeGreaterThan(100);
    expect(undecided).toBe(0);
  });

  it('answers everything while there are no faults', async () => {
    const { violations, unanswered, answered } = await simulate({ seed: 4, simulatedMs: 10_000, faults: [] });
    expect({ violations, unanswered }).toEqual({ violations: [], unanswered: 0 });
    expect(answered).toBeGreaterThan(100);
  });

  it('is the same run for the same seed, event for event', async () => {
    const [one, other] = [
      await simulate({ seed: 5, simulatedMs: 5000 }),
      await simulate({ seed: 5, simulatedMs: 5000 }),
    ];
    expect(one).toEqual(other);
    expect((await simulate({ seed: 6, simulatedMs: 5000 })).fingerprint).not.toBe(one.fingerprint);
  });

  it('is found out when its disks lie about their syncs', async () => {
    const { violations } = await simulate({ seed: 9, disksLie: true, faults: ['sitePower'] });
    expect(violations.join()).toMatch(/OBJECT_DAMAGED|without any replica/);
  });

  it('is found out when bytes rot on all nodes, and sends no wrong bytes even then', async () => {
    const { violations } = await simulate({ seed: 8, faults: ['rotEverywhere'] });
    expect(violations.join()).toMatch(/OBJECT_DAMAGED/);
    expect(violations.join()).not.toMatch(/wrong bytes/);
  });
});

describe('the history of a key', () => {
  const put = (to: string) => ({ to, applies: () => true });
  const is = (value: string) => (one: string) => one === value;

  it('lets operations that overlap take effect in any order, and those that do not in theirs only', () => {
    const history = new KeyHistory();
    history.began(1, put('a'));
    history.began(2, put('b'));
    expect([history.tookEffect(1), history.tookEffect(2)]).toEqual([true, true]);
    expect(history.possible.sort()).toEqual(['a', 'b']);
    history.began(3);
    expect(history.saw(3, is('a'))).toBe(true);
    history.began(4);
    expect(history.saw(4, is('b'))).toBe(false);
  });

  it('lets a read that ran beside a write see either value, also when it is answered after it', () => {
    for (const [value, isRight] of [
      [ABSENT, true],
      ['a', true],
      ['b', false],
    ] as const) {
      const history = new KeyHistory();
      history.began(1);
      history.began(2, put('a'));
      expect(history.tookEffect(2)).toBe(true);
      expect(history.saw(1, is(value))).toBe(isRight);
    }
  });

  it('lets a write of unknown outcome take effect late, once', () => {
    const history = new KeyHistory();
    history.began(1, put('a'));
    history.unknown(1);
    history.began(2, put('b'));
    expect(history.tookEffect(2)).toBe(true);
    for (const [id, value, isRight] of [
      [3, 'b', true],
      [4, 'a', true],
      [5, 'b', false],
    ] as const) {
      history.began(id);
      expect(history.saw(id, is(value))).toBe(isRight);
    }
  });

  it('does not let two writes win that each ask for an absent object', () => {
    const history = new KeyHistory();
    const ifAbsent = (to: string) => ({ to, applies: is(ABSENT) });
    history.began(1, ifAbsent('a'));
    history.began(2, ifAbsent('b'));
    expect(history.tookEffect(1)).toBe(true);
    expect(history.tookEffect(2)).toBe(false);
  });

  it('does not let a write have an effect that was answered to have had none', () => {
    const history = new KeyHistory();
    history.began(1, put('a'));
    expect(history.failed(1)).toBe(true);
    history.began(2);
    expect(history.saw(2, is('a'))).toBe(false);
  });
});

describe('the auditor', () => {
  function audit() {
    const violations: string[] = [];
    const auditor = new Auditor((what) => violations.push(what));
    const written = auditor.put('k', { condition: { is: 'none' }, byteCount: 1000 });
    auditor.ended(written, 'put', { is: 'done' });
    return { auditor, written, violations };
  }
  const page = (keys: string[], etag: string) => ({
    objects: keys.map((key) => ({ key, etag, bytes: 1000, lastModifiedMs: 0 })),
    ...{ commonPrefixes: [], nextStartAfter: '', nextStartAfterPrefix: false },
  });

  it('is content with the bytes that were put, whole or in part', () => {
    const { auditor, written, violations } = audit();
    const object = { etag: written.etag, bytes: 1000 };
    auditor.saw(auditor.read('k'), object, { start: 0, end: Number.POSITIVE_INFINITY, bytes: written.bytes });
    auditor.saw(auditor.read('k'), object, { start: 990, end: 2000, bytes: written.bytes.subarray(990) });
    expect(violations).toEqual([]);
  });

  it('names wrong bytes, missing bytes, lost objects and objects of nobody', () => {
    const { auditor, written, violations } = audit();
    const object = { etag: written.etag, bytes: 1000 };
    const wrong = Buffer.from(written.bytes).fill(7, 10, 11);
    auditor.saw(auditor.read('k'), object, { start: 0, end: 1000, bytes: wrong });
    auditor.saw(auditor.read('k'), object, { start: 0, end: 1000, bytes: written.bytes.subarray(1) });
    auditor.saw(auditor.read('k'), { etag: 'e', bytes: 1000 });
    auditor.absent(auditor.read('k'));
    expect(violations).toHaveLength(4);
  });

  it('names a listing that leaves an object out, is out of order or has one that nobody put', () => {
    for (const [keys, isRight] of [
      [['k'], true],
      [[], false],
      [['k', 'k'], false],
      [['k', 'z'], false],
    ] as const) {
      const { auditor, written, violations } = audit();
      auditor.listed([auditor.read('k')], page([...keys], written.etag), '');
      expect(violations.length === 0).toBe(isRight);
    }
  });
});
