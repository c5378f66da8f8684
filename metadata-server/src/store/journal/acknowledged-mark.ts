/**
 * The mark: a small file that names the highest acknowledged sequence. It is overwritten in place, without sync, before each
 * acknowledgement, so after the death of a process it is exact, and after a power cut it is exact or too low, never
 * too high. It is the journal's witness: a journal that ends below it has lost acknowledged commits.
 */
import { type Disk, type DiskFile, xxh64 } from '@cairn/core';

/** "CMJA" */
const MAGIC = 0x414a4d43;
const FORMAT_VERSION = 1;
const MARK_BYTES = 24;
export const MARK_NAME = 'acknowledged';

export function encodeMark(sequence: number): Buffer {
  const bytes = Buffer.alloc(MARK_BYTES);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(FORMAT_VERSION, 4);
  bytes.writeBigUInt64LE(BigInt(sequence), 8);
  bytes.writeBigUInt64LE(xxh64(bytes.subarray(0, 16)), 16);
  return bytes;
}

/** @returns undefined when the bytes are not a mark: there is no witness then. */
export function decodeMark(bytes: Buffer): number | undefined {
  if (bytes.length < MARK_BYTES || bytes.readUInt32LE(0) !== MAGIC) return undefined;
  if (bytes.readUInt32LE(4) !== FORMAT_VERSION) return undefined;
  if (xxh64(bytes.subarray(0, 16)) !== bytes.readBigUInt64LE(16)) return undefined;
  return Number(bytes.readBigUInt64LE(8));
}

export class AcknowledgedMark {
  readonly #file: DiskFile;

  private constructor(file: DiskFile) {
    this.#file = file;
  }

  static async open(disk: Disk, folder: string): Promise<AcknowledgedMark> {
    return new AcknowledgedMark(await disk.open(`${folder}/${MARK_NAME}`, { create: true }));
  }

  set(sequence: number): Promise<void> {
    return this.#file.write([encodeMark(sequence)], 0);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
