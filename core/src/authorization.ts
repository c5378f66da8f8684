/**
 * Authorization between processes. Each side proves that it knows a secret without sending it:
 *
 *   cairn1 cluster <issuedAtMs> <nonce> <hmac>              a process of the cluster, by the cluster secret
 *   cairn1 key <accessKey> <issuedAtMs> <nonce> <hmac>      an owner of an access key, by its secret key
 *   cairn1 session <sessionId> <expiresAtMs> <hmac>         a writer, by a token that the leader signed with the cluster secret
 *
 * hmac is HMAC-SHA256 (RFC 2104) over everything before it, in hex. Proofs of the first two kinds are good for 15 minutes either way, as
 * SigV4's are: a window, not a safety argument. Networks that others can read need TLS below this.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Principal } from './api/methods.ts';
import { CairnError } from './errors.ts';
import { parseSessionId, type SessionId } from './ids.ts';
import type { Clock } from './ports/clock.ts';
import type { Random } from './ports/random.ts';

const PROOF_WINDOW_MS = 15 * 60 * 1000;

function sign(secret: string, text: string): string {
  return `${text} ${createHmac('sha256', secret).update(text).digest('hex')}`;
}

interface ProofSource {
  clock: Clock;
  random: Random;
}

function freshness({ clock, random }: ProofSource): string {
  return `${clock.now()} ${Buffer.from(random.bytes(8)).toString('hex')}`;
}

export function clusterAuthorization(clusterSecret: string, source: ProofSource): string {
  return sign(clusterSecret, `cairn1 cluster ${freshness(source)}`);
}

export function keyAuthorization(key: { accessKey: string; secretKey: string }, source: ProofSource): string {
  return sign(key.secretKey, `cairn1 key ${key.accessKey} ${freshness(source)}`);
}

export function sessionAuthorization(clusterSecret: string, session: SessionId, expiresAtMs: number): string {
  return sign(clusterSecret, `cairn1 session ${session} ${expiresAtMs}`);
}

export interface AuthenticatorOptions {
  clock: Clock;
  clusterSecret: string;
  /** The secret key of an access key, or undefined; left out where access keys are not accepted. */
  secretKeyOf?: (accessKey: string) => string | undefined;
}

/**
 * Makes the function that a listener authenticates callers with.
 * The function throws UNAUTHENTICATED (nothing or something unreadable was sent) or PERMISSION_DENIED (the proof is wrong).
 */
export function authenticator(options: AuthenticatorOptions): (authorization: string | undefined) => Principal {
  return (authorization) => {
    if (authorization === undefined || authorization === '') throw new CairnError('UNAUTHENTICATED');
    const words = authorization.split(' ');
    const kind = words[0] === 'cairn1' ? words[1] : undefined;
    const { clusterSecret, secretKeyOf, clock } = options;
    if (kind === 'cluster' && words.length === 5) {
      verify(clusterSecret, authorization);
      verifyFresh(clock, words[2]);
      return { kind: 'cluster' };
    }
    if (kind === 'session' && words.length === 5) {
      verify(clusterSecret, authorization);
      if (!(Number(words[3]) >= clock.now()))
        throw new CairnError('PERMISSION_DENIED', 'the session token has expired');
      return { kind: 'session', sessionId: parseSessionId(Number(words[2])) };
    }
    if (kind === 'key' && words.length === 6 && secretKeyOf !== undefined) {
      const accessKey = words[2] as string;
      const secretKey = secretKeyOf(accessKey);
      if (secretKey === undefined) throw new CairnError('PERMISSION_DENIED', 'the access key is unknown');
      verify(secretKey, authorization);
      verifyFresh(clock, words[3]);
      return { kind: 'admin', accessKey };
    }
    throw new CairnError('UNAUTHENTICATED');
  };
}

function verify(secret: string, authorization: string): void {
  const expected = Buffer.from(sign(secret, authorization.slice(0, authorization.lastIndexOf(' '))));
  const actual = Buffer.from(authorization);
  if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) {
    throw new CairnError('PERMISSION_DENIED', 'the proof does not match the secret');
  }
}

function verifyFresh(clock: Clock, issuedAtMs: string | undefined): void {
  if (!(Math.abs(clock.now() - Number(issuedAtMs)) <= PROOF_WINDOW_MS)) {
    throw new CairnError('PERMISSION_DENIED', 'the proof is more than 15 minutes off this clock');
  }
}
