/** LevelDB's variable-length numbers: seven bits a byte, the lowest first. */
export class VarintReader {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  /** @throws RangeError at the end of the bytes. */
  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes.readUInt8(this.at++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  /** Bytes with their length before them. */
  slice(): Buffer {
    const length = this.number();
    this.at += length;
    if (this.at > this.bytes.length) throw new RangeError('cut short');
    return this.bytes.subarray(this.at - length, this.at);
  }
}
