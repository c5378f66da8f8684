/** Computes what a client declared of its body while the pieces pass, and compares at the end. */
import { createHash, type Hash } from 'node:crypto';
import type { Attribute } from '@cairn/core';
import type { Payload } from '../authentication/payload.ts';
import { S3Error } from '../errors/s3-error.ts';
import { CHECKSUMS, type RunningChecksum } from './checksums.ts';
import { type DeclaredDigests, demandDigest } from './declared-digests.ts';

export class DigestCheck {
  readonly #declared: DeclaredDigests;
  readonly #sha256: string | undefined;
  readonly #sha256Hash: Hash | undefined;
  readonly #md5Hash: Hash | undefined;
  readonly #checksum: RunningChecksum | undefined;
  #checksumValue: string | undefined;

  constructor(declared: DeclaredDigests, payload: Payload) {
    this.#declared = declared;
    this.#sha256 = payload.kind === 'hashed' ? payload.sha256 : undefined;
    this.#sha256Hash = this.#sha256 === undefined ? undefined : createHash('sha256');
    this.#md5Hash = declared.md5 === undefined ? undefined : createHash('md5');
    this.#checksum = declared.checksum === undefined ? undefined : CHECKSUMS[declared.checksum.algorithm].start();
  }

  update(piece: Uint8Array): void {
    this.#sha256Hash?.update(piece);
    this.#md5Hash?.update(piece);
    this.#checksum?.update(piece);
  }

  /** To be called once, after the last piece. @throws XAmzContentSHA256Mismatch, BadDigest, InvalidRequest */
  end(trailers: ReadonlyMap<string, string>): void {
    if (this.#sha256Hash !== undefined && this.#sha256Hash.digest('hex') !== this.#sha256) {
      throw new S3Error('XAmzContentSHA256Mismatch');
    }
    if (this.#md5Hash !== undefined && this.#md5Hash.digest('hex') !== this.#declared.md5) {
      throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.');
    }
    this.#endChecksum(trailers);
  }

  /** The checksum that was declared and holds: a header name and its value. */
  get checksum(): Attribute | undefined {
    const name = this.#declared.checksum?.header;
    return name === undefined || this.#checksumValue === undefined ? undefined : { name, value: this.#checksumValue };
  }

  #endChecksum(trailers: ReadonlyMap<string, string>): void {
    const { checksum } = this.#declared;
    for (const name of trailers.keys()) {
      if (name !== checksum?.header) throw new S3Error('InvalidRequest', `The trailer ${name} was not announced.`);
    }
    if (checksum === undefined || this.#checksum === undefined) return;
    const expected = checksum.value ?? trailers.get(checksum.header);
    if (expected === undefined) throw new S3Error('InvalidRequest', `The trailer ${checksum.header} is missing.`);
    demandDigest(checksum, expected);
    if (this.#checksum.digest().toString('base64') !== expected) {
      const name = checksum.algorithm.toUpperCase();
      throw new S3Error('BadDigest', `The ${name} you specified did not match the calculated checksum.`);
    }
    this.#checksumValue = expected;
  }
}
