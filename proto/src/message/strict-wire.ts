/**
 * protobuf's wire format with the leniency taken out. Numbers are JavaScript numbers, so a whole number beyond 2^53 - 1 is refused in
 * both directions instead of being rounded; text is well-formed Unicode; a length never reaches past the end of its message.
 */
import protobuf from 'protobufjs';

// Without `long`, protobufjs hands out 64-bit integers as numbers.
(protobuf.util as { Long: unknown }).Long = null;
protobuf.configure();

/** What protobufjs declares for 64-bit integers is `Long`; here they are numbers. */
interface NumberReader {
  buf: Buffer;
  pos: number;
  len: number;
  uint32(): number;
}
const BufferReader = protobuf.BufferReader as unknown as new (buffer: Buffer) => NumberReader;

export class StrictReader extends BufferReader {
  /** @throws RangeError beyond 2^53 - 1. */
  uint64(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      if (this.pos >= this.len) throw new RangeError('a number is cut off');
      const byte = this.buf[this.pos++] as number;
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('a number is above 2^53 - 1');
        return value;
      }
      scale *= 128;
    }
    throw new RangeError('a number is too long');
  }

  /** A view, not a copy. @throws RangeError when it is cut off. */
  bytes(): Uint8Array {
    const length = this.uint32();
    const start = this.#skip(length);
    return new Uint8Array(this.buf.buffer, this.buf.byteOffset + start, length);
  }

  /** @throws RangeError when it is cut off or is not UTF-8. */
  string(): string {
    const start = this.#skip(this.uint32());
    const end = this.pos;
    const text = this.buf.toString('utf8', start, end);
    if (text.includes('\ufffd') && !Buffer.from(text).equals(this.buf.subarray(start, end))) {
      throw new RangeError('a text is not valid UTF-8');
    }
    return text;
  }

  /** @returns Where what was skipped starts. */
  #skip(length: number): number {
    const start = this.pos;
    if (start + length > this.len) throw new RangeError('a field is cut off');
    this.pos = start + length;
    return start;
  }
}

interface NumberWriter {
  len: number;
  states: unknown;
  uint32(value: number): this;
  uint64(value: number): this;
  string(value: string): this;
  bytes(value: Uint8Array): this;
  fork(): this;
  reset(): this;
  ldelim(): this;
  finish(): Buffer;
}
const BufferWriter = protobuf.BufferWriter as unknown as new () => NumberWriter;

export class StrictWriter extends BufferWriter {
  /** @throws RangeError unless it is a whole number from 0 to 2^53 - 1. */
  override uint64(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`${value} is not a whole number up to 2^53 - 1`);
    return value <= 0xffff_ffff ? this.uint32(value) : super.uint64(value);
  }

  /** @throws RangeError on a lone surrogate, which UTF-8 cannot carry. */
  override string(value: string): this {
    if (!value.isWellFormed()) throw new RangeError('a text holds half of a surrogate pair');
    return super.string(value);
  }
}
