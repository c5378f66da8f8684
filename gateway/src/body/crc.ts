/**
 * CRC-32C and CRC-64/NVME, eight bytes a step ("slicing by 8"). Both are reflected, start with all ones and end inverted; the
 * catalogue https://reveng.sourceforge.io/crc-catalogue/all.htm has them with their check values. CRC-32 is Node's own.
 */

const CRC32C_POLYNOMIAL = 0x82f63b78;
/** The reflected 0x9a6c9329ac4bc9b5, in halves: JavaScript computes on 32 bits at a time. */
const CRC64_POLYNOMIAL_HIGH = 0x9a6c9329;
const CRC64_POLYNOMIAL_LOW = 0xac4bc9b5;

/** Eight tables of 256: table k is the CRC of a byte followed by k zero bytes. */
function tablesOf32(polynomial: number): Uint32Array {
  const tables = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    tables[byte] = crc;
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256] as number;
    tables[at] = (before >>> 8) ^ (tables[before & 0xff] as number);
  }
  return tables;
}

const crc32cTables = tablesOf32(CRC32C_POLYNOMIAL);

/** @param crc The CRC of what came before. */
export function crc32c(bytes: Uint8Array, crc = 0): number {
  const t = crc32cTables;
  const eights = bytes.length - (bytes.length % 8);
  let c = ~crc;
  let at = 0;
  for (; at < eights; at += 8) {
    c ^=
      byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24);
    c =
      (t[1792 + (c & 0xff)] as number) ^
      (t[1536 + ((c >>> 8) & 0xff)] as number) ^
      (t[1280 + ((c >>> 16) & 0xff)] as number) ^
      (t[1024 + (c >>> 24)] as number) ^
      (t[768 + byteAt(bytes, at + 4)] as number) ^
      (t[512 + byteAt(bytes, at + 5)] as number) ^
      (t[256 + byteAt(bytes, at + 6)] as number) ^
      (t[byteAt(bytes, at + 7)] as number);
  }
  for (; at < bytes.length; at++) c = (c >>> 8) ^ (t[(c ^ byteAt(bytes, at)) & 0xff] as number);
  return ~c >>> 0;
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

/** Low and high halves of the eight tables. */
function tablesOf64(): { low: Uint32Array; high: Uint32Array } {
  const low = new Uint32Array(8 * 256);
  const high = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let l = byte;
    let h = 0;
    for (let bit = 0; bit < 8; bit++) {
      const odd = l & 1;
      l = (l >>> 1) | (h << 31);
      h >>>= 1;
      if (odd) {
        l ^= CRC64_POLYNOMIAL_LOW;
        h ^= CRC64_POLYNOMIAL_HIGH;
      }
    }
    low[byte] = l;
    high[byte] = h;
  }
  for (let at = 256; at < low.length; at++) {
    const l = low[at - 256] as number;
    const h = high[at - 256] as number;
    low[at] = ((l >>> 8) | (h << 24)) ^ (low[l & 0xff] as number);
    high[at] = (h >>> 8) ^ (high[l & 0xff] as number);
  }
  return { low, high };
}

const crc64Tables = tablesOf64();

function xor4(table: Uint32Array, ...at: [number, number, number, number]): number {
  return (table[at[0]] as number) ^ (table[at[1]] as number) ^ (table[at[2]] as number) ^ (table[at[3]] as number);
}

/** A running CRC-64/NVME. */
export class Crc64Nvme {
  #low = 0xffff_ffff;
  #high = 0xffff_ffff;

  update(bytes: Uint8Array): void {
    const { low, high } = crc64Tables;
    const eights = bytes.length - (bytes.length % 8);
    let l = this.#low | 0;
    let h = this.#high | 0;
    let at = 0;
    for (; at < eights; at += 8) {
      l ^=
        byteAt(bytes, at) |
        (byteAt(bytes, at + 1) << 8) |
        (byteAt(bytes, at + 2) << 16) |
        (byteAt(bytes, at + 3) << 24);
      h ^=
        byteAt(bytes, at + 4) |
        (byteAt(bytes, at + 5) << 8) |
        (byteAt(bytes, at + 6) << 16) |
        (byteAt(bytes, at + 7) << 24);
      const a = 1792 + (l & 0xff);
      const b = 1536 + ((l >>> 8) & 0xff);
      const c = 1280 + ((l >>> 16) & 0xff);
      const d = 1024 + (l >>> 24);
      const e = 768 + (h & 0xff);
      const f = 512 + ((h >>> 8) & 0xff);
      const g = 256 + ((h >>> 16) & 0xff);
      const i = h >>> 24;
      l = xor4(low, a, b, c, d) ^ xor4(low, e, f, g, i);
      h = xor4(high, a, b, c, d) ^ xor4(high, e, f, g, i);
    }
    for (; at < bytes.length; at++) {
      const index = (l ^ byteAt(bytes, at)) & 0xff;
      l = ((l >>> 8) | (h << 24)) ^ (low[index] as number);
      h = (h >>> 8) ^ (high[index] as number);
    }
    this.#low = l;
    this.#high = h;
  }

  /** Eight bytes, big endian. */
  digest(): Buffer {
    const digest = Buffer.allocUnsafe(8);
    digest.writeUInt32BE(~this.#high >>> 0, 0);
    digest.writeUInt32BE(~this.#low >>> 0, 4);
    return digest;
  }
}
