import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quorumState, type ReplicaAnswer, type ReplicaOutcome } from './write-quorum.ts';

const answer = fc.record({
  domain: fc.record({ zone: fc.constantFrom('a', 'b'), rack: fc.constant('r'), host: fc.constantFrom('1', '2', '3') }),
  outcome: fc.constantFrom<ReplicaOutcome>('pending', 'acked', 'failed'),
});
const answers = fc.array(answer, { maxLength: 6 });
const quorum = fc.integer({ min: 1, max: 4 });

const hosts = (list: readonly ReplicaAnswer[], outcomes: readonly ReplicaOutcome[]) =>
  new Set(list.filter((one) => outcomes.includes(one.outcome)).map(({ domain }) => `${domain.zone}/${domain.host}`))
    .size;

describe('the quorum of a write', () => {
  it('is reached exactly when enough distinct hosts hold the chunk', () => {
    fc.assert(
      fc.property(answers, quorum, (list, w) => {
        expect(quorumState(list, w) === 'reached').toBe(hosts(list, ['acked']) >= w);
      }),
    );
  });

  it('is lost exactly when what is pending cannot reach it any more', () => {
    fc.assert(
      fc.property(answers, quorum, (list, w) => {
        expect(quorumState(list, w) === 'lost').toBe(hosts(list, ['acked', 'pending']) < w);
      }),
    );
  });

  it('never goes back once it is decided', () => {
    fc.assert(
      fc.property(answers, quorum, fc.nat(), fc.boolean(), (list, w, which, acks) => {
        const before = quorumState(list, w);
        const pending = list.filter(({ outcome }) => outcome === 'pending');
        const changed = pending[which % Math.max(1, pending.length)];
        const outcome = acks ? 'acked' : 'failed';
        const later = list.map((one) => (one === changed ? { ...one, outcome } : one)) as ReplicaAnswer[];
        if (before !== 'waiting') expect(quorumState(later, w)).toBe(before);
      }),
    );
  });

  it('counts two replicas on one host once', () => {
    const domain = { zone: 'z', rack: 'r', host: 'h' };
    const twice: ReplicaAnswer[] = [
      { domain, outcome: 'acked' },
      { domain: { ...domain }, outcome: 'acked' },
    ];
    expect(quorumState(twice, 2)).toBe('lost');
    expect(quorumState([...twice, { domain: { ...domain, rack: 'other' }, outcome: 'acked' }], 2)).toBe('reached');
  });
});
