/** Encoding and decoding of the messages in the .proto files. */
import { CairnError } from '@cairn/core';
import { messageType } from './schema.ts';
import { StrictReader, StrictWriter } from './strict-wire.ts';

export interface MessageCodec<T> {
  /** @throws INVALID_ARGUMENT when a value does not fit its field. */
  encode(value: T): Buffer;
  /**
   * Bytes fields of the result are views of `bytes`, not copies.
   * @throws INVALID_ARGUMENT when the bytes are not such a message.
   */
  decode(bytes: Uint8Array): T;
  /**
   * Appends the message, without its length, to what the writer holds.
   * @throws INVALID_ARGUMENT as `encode` does; the writer may hold part of the message then.
   */
  write(value: T, writer: StrictWriter): void;
}

/** @param typeName With its package: `cairn.v1.PutChunkRequest`. */
export function messageCodec<T>(typeName: string): MessageCodec<T> {
  const type = messageType(typeName);
  // protobufjs replaces `encode` and `decode` with generated code at first use: they are looked up at every call.
  const write = (value: T, writer: StrictWriter) => {
    try {
      type.encode(value as object, writer as never);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new CairnError('INVALID_ARGUMENT', `${typeName}: ${detail}`, { cause: error });
    }
  };
  return {
    write,
    encode(value) {
      const writer = new StrictWriter();
      write(value, writer);
      return writer.finish();
    },
    decode(bytes) {
      const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      try {
        return type.decode(new StrictReader(buffer) as never) as T;
      } catch (error) {
        throw new CairnError('INVALID_ARGUMENT', `not a ${typeName}`, { cause: error });
      }
    },
  };
}
