/** The check values of the CRC catalogue, and that pieces add up. */
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHECKSUMS, type ChecksumAlgorithm } from './checksums.ts';
import { Crc64Nvme, crc32c } from './crc.ts';

const CHECK = Buffer.from('123456789');

function digestOf(algorithm: ChecksumAlgorithm, ...pieces: Uint8Array[]): string {
  const running = CHECKSUMS[algorithm].start();
  for (const piece of pieces) running.update(piece);
  return running.digest().toString('hex');
}

describe('the checksums', () => {
  it('give the published check values', () => {
    expect(crc32(CHECK)).toBe(0xcbf43926);
    expect(crc32c(CHECK)).toBe(0xe3069283);
    const crc64 = new Crc64Nvme();
    crc64.update(CHECK);
    expect(crc64.digest().toString('hex')).toBe('ae8b14860a799888');
  });

  it('have the length that clients are held to', () => {
    for (const [algorithm, { bytes }] of Object.entries(CHECKSUMS)) {
      expect(digestOf(algorithm as ChecksumAlgorithm, CHECK).length, algorithm).toBe(bytes * 2);
    }
  });

  it('do not depend on how the bytes are cut into pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, at) => {
        for (const algorithm of Object.keys(CHECKSUMS) as ChecksumAlgorithm[]) {
          const whole = digestOf(algorithm, bytes);
          expect(digestOf(algorithm, bytes.subarray(0, at), bytes.subarray(at)), algorithm).toBe(whole);
        }
      }),
    );
  });
});
