/** Authorization: each proof is good for its holder, its time and its kind, and nothing else is good. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authenticator, clusterAuthorization, keyAuthorization, sessionAuthorization } from './authorization.ts';
import { CairnError } from './errors.ts';
import { parseSessionId } from './ids.ts';
import { VirtualClock } from './memory/clock.ts';
import { SeededRandom } from './memory/random.ts';

const CLUSTER_SECRET = 'the-secret-of-this-cluster';
const KEY = { accessKey: 'AKIAEXAMPLE', secretKey: 'the-secret-of-this-key' };
const MINUTE_MS = 60_000;
const session = parseSessionId(77);

function bench() {
  const clock = new VirtualClock();
  const source = { clock, random: new SeededRandom(1) };
  const secretKeyOf = (accessKey: string) => (accessKey === KEY.accessKey ? KEY.secretKey : undefined);
  const authenticate = authenticator({ clock, clusterSecret: CLUSTER_SECRET, secretKeyOf });
  const proofs = {
    cluster: clusterAuthorization(CLUSTER_SECRET, source),
    key: keyAuthorization(KEY, source),
    session: sessionAuthorization(CLUSTER_SECRET, session, clock.now() + 5 * MINUTE_MS),
  };
  return { clock, source, authenticate, proofs };
}

/** What the proof gives: a principal, or the code of the refusal. */
function outcome(authenticate: ReturnType<typeof authenticator>, authorization: string | undefined): unknown {
  try {
    return authenticate(authorization);
  } catch (error) {
    return error instanceof CairnError ? error.code : error;
  }
}

describe('a proof', () => {
  it('of the cluster secret makes a process of the cluster', () => {
    const { authenticate, proofs } = bench();
    expect(authenticate(proofs.cluster)).toEqual({ kind: 'cluster' });
  });

  it('of an access key makes an administrator', () => {
    const { authenticate, proofs } = bench();
    expect(authenticate(proofs.key)).toEqual({ kind: 'admin', accessKey: KEY.accessKey });
  });

  it('of a session makes its writer', () => {
    const { authenticate, proofs } = bench();
    expect(authenticate(proofs.session)).toEqual({ kind: 'session', sessionId: session });
  });

  it('never holds a secret, and is never the same twice', () => {
    const { source, proofs } = bench();
    for (const proof of Object.values(proofs)) {
      expect(proof).not.toContain(CLUSTER_SECRET);
      expect(proof).not.toContain(KEY.secretKey);
    }
    expect(clusterAuthorization(CLUSTER_SECRET, source)).not.toBe(proofs.cluster);
  });

  it.each(['cluster', 'key'] as const)('of the kind %s is good for 15 minutes either way', async (kind) => {
    const { clock, authenticate, proofs } = bench();
    clock.jump(-15 * MINUTE_MS);
    expect(outcome(authenticate, proofs[kind])).toBeTypeOf('object');
    clock.jump(-1);
    expect(outcome(authenticate, proofs[kind])).toBe('PERMISSION_DENIED');
    clock.jump(30 * MINUTE_MS + 1);
    expect(outcome(authenticate, proofs[kind])).toBeTypeOf('object');
    clock.jump(1);
    expect(outcome(authenticate, proofs[kind])).toBe('PERMISSION_DENIED');
  });

  it('of a session is good until it expires', () => {
    const { clock, authenticate, proofs } = bench();
    clock.jump(5 * MINUTE_MS);
    expect(outcome(authenticate, proofs.session)).toBeTypeOf('object');
    clock.jump(1);
    expect(outcome(authenticate, proofs.session)).toBe('PERMISSION_DENIED');
  });
});

describe('refused', () => {
  it.each([
    undefined,
    '',
    ' ',
    'junk',
    'Bearer x',
    'cairn1',
    'cairn1 cluster',
    'cairn2 cluster 1 2 3',
    'cairn1 root 1 2 3',
  ])('as unreadable is %j', (authorization) => {
    expect(outcome(bench().authenticate, authorization)).toBe('UNAUTHENTICATED');
  });

  it.each(['cluster', 'key', 'session'] as const)('is a proof of the kind %s with any character changed', (kind) => {
    const { authenticate, proofs } = bench();
    const proof = proofs[kind];
    fc.assert(
      fc.property(fc.nat(proof.length - 1), fc.constantFrom('0', '1', 'f', 'A', ' ', '~'), (at, character) => {
        fc.pre(proof[at] !== character);
        const changed = proof.slice(0, at) + character + proof.slice(at + 1);
        expect(['UNAUTHENTICATED', 'PERMISSION_DENIED']).toContain(outcome(authenticate, changed));
      }),
      { numRuns: 300 },
    );
  });

  it.each(['cluster', 'key', 'session'] as const)('is a proof of the kind %s that is cut or goes on', (kind) => {
    const { authenticate, proofs } = bench();
    const proof = proofs[kind];
    for (const changed of [proof.slice(0, -1), `${proof}0`, `${proof} `, ` ${proof}`, proof.toUpperCase()]) {
      expect(['UNAUTHENTICATED', 'PERMISSION_DENIED']).toContain(outcome(authenticate, changed));
    }
  });

  it('is whoever has another secret', () => {
    const { clock, source, authenticate } = bench();
    const strangers = [
      clusterAuthorization('another-secret', source),
      clusterAuthorization(KEY.secretKey, source),
      keyAuthorization({ ...KEY, secretKey: CLUSTER_SECRET }, source),
      keyAuthorization({ accessKey: 'AKIAUNKNOWN', secretKey: KEY.secretKey }, source),
      keyAuthorization({ accessKey: '__proto__', secretKey: 'undefined' }, source),
      sessionAuthorization('another-secret', session, clock.now() + MINUTE_MS),
    ];
    for (const stranger of strangers) expect(outcome(authenticate, stranger)).toBe('PERMISSION_DENIED');
  });

  it('is a session token that is passed off as another kind or another session', () => {
    const { authenticate, proofs } = bench();
    const [, , , expiry, proof] = proofs.session.split(' ');
    expect(outcome(authenticate, `cairn1 cluster ${session} ${expiry} ${proof}`)).toBe('PERMISSION_DENIED');
    expect(outcome(authenticate, `cairn1 session 78 ${expiry} ${proof}`)).toBe('PERMISSION_DENIED');
    expect(outcome(authenticate, `cairn1 session ${session} 9${expiry} ${proof}`)).toBe('PERMISSION_DENIED');
  });

  it('is a token that is signed but says no time at which it expires', () => {
    const { authenticate } = bench();
    const token = sessionAuthorization(CLUSTER_SECRET, session, Number.NaN);
    expect(outcome(authenticate, token)).toBe('PERMISSION_DENIED');
  });

  it('is an access key where none is accepted', () => {
    const { clock, proofs } = bench();
    const withoutKeys = authenticator({ clock, clusterSecret: CLUSTER_SECRET });
    expect(outcome(withoutKeys, proofs.key)).toBe('UNAUTHENTICATED');
  });
});
