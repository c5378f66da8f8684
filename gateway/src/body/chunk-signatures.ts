/**
 * The chain of chunk signatures: each signs the chunk's bytes and the signature before it, the first of which is the request's
 * own. So chunks can be neither changed, nor left out, nor moved.
 */
import { createHash, type Hash } from 'node:crypto';
import { type ChunkSigning, EMPTY_SHA256 } from '../authentication/payload.ts';
import { equalSecretly, hmacHex, sha256Hex } from '../authentication/signing-key.ts';
import { S3Error } from '../errors/s3-error.ts';

export class ChunkSignatures {
  readonly #signing: ChunkSigning;
  #previous: string;
  #expected = '';
  #hash: Hash | undefined;

  constructor(signing: ChunkSigning) {
    this.#signing = signing;
    this.#previous = signing.seedSignature;
  }

  /** Begins a chunk whose header holds this signature. */
  expect(signature: string): void {
    this.#expected = signature;
    this.#hash = undefined;
  }

  update(piece: Uint8Array): void {
    this.#hash ??= createHash('sha256');
    this.#hash.update(piece);
  }

  /** @throws SignatureDoesNotMatch */
  verifyChunk(): void {
    const hashed = this.#hash === undefined ? EMPTY_SHA256 : this.#hash.digest('hex');
    const tail = `${EMPTY_SHA256}\n${hashed}`;
    this.#advance({ algorithm: 'AWS4-HMAC-SHA256-PAYLOAD', tail, sent: this.#expected });
  }

  /**
   * @param text `name:value\n` of each trailer.
   * @throws SignatureDoesNotMatch
   */
  verifyTrailer(text: string, signature: string): void {
    this.#advance({ algorithm: 'AWS4-HMAC-SHA256-TRAILER', tail: sha256Hex(text), sent: signature });
  }

  #advance({ algorithm, tail, sent }: { algorithm: string; tail: string; sent: string }): void {
    const { key, time, scope } = this.#signing;
    const signature = hmacHex(key, `${algorithm}\n${time}\n${scope}\n${this.#previous}\n${tail}`);
    if (!equalSecretly(signature, sent))
      throw new S3Error('SignatureDoesNotMatch', 'A chunk signature does not match.');
    this.#previous = signature;
  }
}
