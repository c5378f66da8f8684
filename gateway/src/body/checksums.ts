/** The checksums that S3 clients send with a body: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc64Nvme, crc32c } from './crc.ts';

/** A checksum over pieces that come one after the other. */
export interface RunningChecksum {
  update(piece: Uint8Array): void;
  /** To be called once. */
  digest(): Buffer;
}

interface ChecksumTraits {
  /** Bytes of the digest. */
  bytes: number;
  start: () => RunningChecksum;
}

export const CHECKSUMS = {
  crc32: { bytes: 4, start: () => running32(crc32) },
  crc32c: { bytes: 4, start: () => running32(crc32c) },
  crc64nvme: { bytes: 8, start: () => new Crc64Nvme() },
  sha1: { bytes: 20, start: () => createHash('sha1') },
  sha256: { bytes: 32, start: () => createHash('sha256') },
} as const satisfies Record<string, ChecksumTraits>;

export type ChecksumAlgorithm = keyof typeof CHECKSUMS;

export function isChecksumAlgorithm(name: string): name is ChecksumAlgorithm {
  return Object.hasOwn(CHECKSUMS, name);
}

function running32(step: (bytes: Uint8Array, before: number) => number): RunningChecksum {
  let value = 0;
  return {
    update(piece) {
      value = step(piece, value);
    },
    digest() {
      const digest = Buffer.allocUnsafe(4);
      digest.writeUInt32BE(value, 0);
      return digest;
    },
  };
}
