/**
 * Reads LevelDB's manifest: which tables are live. Formats: LevelDB's doc/log_format.md and db/version_edit.cc.
 *
 * LevelDB takes a last record that reaches beyond the end of the file for an interrupted write and drops it without a word. A
 * flipped bit in the length looks the same, and would make it drop and delete tables; so that case is told apart here.
 */
import { crc32c, masked } from './crc32c.ts';
import { VarintReader } from './varint.ts';

const BLOCK_BYTES = 32 * 1024;
const HEADER_BYTES = 7;
const FULL = 1;
const FIRST = 2;
const LAST = 4;

/** Bytes of each live table, by file number. @throws Error that says what is wrong with the manifest. */
export function liveTables(manifest: Buffer): Map<number, number> {
  const tables = new Map<number, number>();
  for (const edit of records(manifest)) applyEdit(edit, tables);
  return tables;
}

function* records(file: Buffer): Generator<Buffer> {
  let fragments: Buffer[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= file.length) {
    const leftInBlock = BLOCK_BYTES - (at % BLOCK_BYTES);
    if (leftInBlock < HEADER_BYTES) {
      at += leftInBlock;
      continue;
    }
    const stored = file.readUInt32LE(at);
    const payloadAt = at + HEADER_BYTES;
    const end = payloadAt + file.readUInt16LE(at + 4);
    const type = file.readUInt8(at + 6);
    const blockEnd = Math.min(at + leftInBlock, file.length);
    if (end > blockEnd) {
      if (blockEnd < file.length || verifiesShorter(file, at, blockEnd))
        throw new Error(`bad record length at offset ${at}`);
      return;
    }
    if (masked(crc32c(file, at + 6, end)) !== stored) throw new Error(`bad checksum at offset ${at}`);
    if (type === FULL || type === FIRST) fragments = [];
    fragments.push(file.subarray(payloadAt, end));
    if (type === FULL || type === LAST) yield Buffer.concat(fragments);
    at = end;
  }
}

/** Whether the record at `at` is whole, and only its length is wrong. */
function verifiesShorter(file: Buffer, at: number, limit: number): boolean {
  const stored = file.readUInt32LE(at);
  for (let end = at + HEADER_BYTES; end <= limit; end++) {
    if (masked(crc32c(file, at + 6, end)) === stored) return true;
  }
  return false;
}

/** Tags of db/version_edit.cc. */
function applyEdit(edit: Buffer, tables: Map<number, number>): void {
  const reader = new VarintReader(edit);
  while (!reader.done) {
    const tag = reader.number();
    switch (tag) {
      case 1: // comparator
        reader.slice();
        break;
      case 2: // log number
      case 3: // next file number
      case 4: // last sequence
      case 9: // previous log number
        reader.number();
        break;
      case 5: // compaction pointer: level, key
        reader.number();
        reader.slice();
        break;
      case 6: // deleted table: level, number
        reader.number();
        tables.delete(reader.number());
        break;
      case 7: {
        reader.number();
        const number = reader.number();
        tables.set(number, reader.number());
        reader.slice();
        reader.slice();
        break;
      }
      default:
        throw new Error(`unknown tag ${tag}`);
    }
  }
}
