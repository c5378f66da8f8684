/**
 * Checks a table of LevelDB: every block against its checksum. Format: LevelDB's doc/table_format.md.
 *
 * LevelDB itself does not check them: the binding leaves `verify_checksums` and `paranoid_checks` off, so a flipped bit in a
 * key, an index or a bloom filter makes a key invisible. Envelopes catch what is seen, this catches what is not.
 */
import { crc32c, masked } from './crc32c.ts';
import { VarintReader } from './varint.ts';

const FOOTER_BYTES = 48;
const MAGIC = 0xdb47_7524_8b80_fb57n;
/** Compression type and checksum. */
const TRAILER_BYTES = 5;
const UNCOMPRESSED = 0;

interface BlockHandle {
  offset: number;
  bytes: number;
}

/** @throws Error that says what is wrong. */
export function verifyTable(file: Buffer): void {
  const footerAt = file.length - FOOTER_BYTES;
  if (footerAt < 0 || file.readBigUInt64LE(file.length - 8) !== MAGIC) throw new Error('bad footer');
  const footer = new VarintReader(file, footerAt);
  const metaIndex = readHandle(footer);
  const index = readHandle(footer);
  for (const block of [metaIndex, index]) {
    for (const handle of handlesIn(verifiedBlock(file, block))) verifiedBlock(file, handle);
  }
}

function readHandle(reader: VarintReader): BlockHandle {
  const offset = reader.number();
  return { offset, bytes: reader.number() };
}

function verifiedBlock(file: Buffer, { offset, bytes }: BlockHandle): Buffer {
  const end = offset + bytes;
  if (end + TRAILER_BYTES > file.length - FOOTER_BYTES) throw new Error(`a block at offset ${offset} passes the end`);
  if (masked(crc32c(file, offset, end + 1)) !== file.readUInt32LE(end + 1)) {
    throw new Error(`the block at offset ${offset} does not match its checksum`);
  }
  if (file[end] !== UNCOMPRESSED) throw new Error(`the block at offset ${offset} is compressed`);
  return file.subarray(offset, end);
}

/** The values of an index block are handles. Behind the entries lie the restart offsets and their count. */
function* handlesIn(block: Buffer): Generator<BlockHandle> {
  const restarts = block.readUInt32LE(block.length - 4);
  const reader = new VarintReader(block.subarray(0, block.length - 4 * (restarts + 1)));
  while (!reader.done) {
    reader.number();
    const keyBytes = reader.number();
    const valueBytes = reader.number();
    reader.at += keyBytes;
    const value = new VarintReader(reader.bytes, reader.at);
    yield readHandle(value);
    reader.at += valueBytes;
  }
}
