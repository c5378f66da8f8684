/**
 * Bodies of the bulk lane, the same in both directions:
 *
 *   +----------------+------------------------------+---------+
 *   | length, u32 LE | message without its payload  | payload |
 *   +----------------+------------------------------+---------+
 *
 * The payload stays outside of protobuf, so that it is neither copied into a message nor scanned when one is read.
 */
import type { IncomingMessage } from 'node:http';
import { CairnError, LIMITS } from '@cairn/core';
import type { MessageCodec } from '../message/codec.ts';

const LENGTH_BYTES = 4;
const NO_PAYLOAD = Buffer.alloc(0);

export interface BulkBody {
  /** Everything before the payload. */
  head: Buffer;
  payload: Uint8Array;
  bytes: number;
}

/** @throws MESSAGE_TOO_LARGE */
export function encodeBody(codec: MessageCodec<unknown>, message: unknown): BulkBody {
  const { payload = NO_PAYLOAD } = message as { payload?: Uint8Array };
  const header = codec.encode({ ...(message as object), payload: NO_PAYLOAD });
  const head = Buffer.allocUnsafe(LENGTH_BYTES + header.length);
  head.writeUInt32LE(header.length, 0);
  header.copy(head, LENGTH_BYTES);
  const bytes = head.length + payload.length;
  if (bytes > LIMITS.messageBytesMax) throw new CairnError('MESSAGE_TOO_LARGE');
  return { head, payload, bytes };
}

/** The payload of the result is a view of `body`. @throws INVALID_ARGUMENT */
export function decodeBody(codec: MessageCodec<unknown>, body: Buffer): unknown {
  const headerEnd = body.length < LENGTH_BYTES ? Number.POSITIVE_INFINITY : LENGTH_BYTES + body.readUInt32LE(0);
  if (headerEnd > body.length) throw new CairnError('INVALID_ARGUMENT', 'the header reaches past the body');
  const message = codec.decode(body.subarray(LENGTH_BYTES, headerEnd)) as { payload?: Uint8Array };
  const payload = new Uint8Array(body.buffer, body.byteOffset + headerEnd, body.length - headerEnd);
  if (message.payload !== undefined) message.payload = payload;
  else if (payload.length > 0) throw new CairnError('INVALID_ARGUMENT', 'this message has no payload');
  return message;
}

/** Writes both parts with one system call. */
export function sendBody(to: { cork(): void; uncork(): void } & NodeJS.WritableStream, body: BulkBody): void {
  to.cork();
  to.write(body.head);
  if (body.payload.length > 0) to.write(body.payload);
  to.end();
  to.uncork();
}

/** The declared length of a body. @throws INVALID_ARGUMENT, MESSAGE_TOO_LARGE */
export function declaredBytes(message: IncomingMessage): number {
  const text = message.headers['content-length'];
  if (text === undefined || !/^\d{1,15}$/.test(text)) {
    throw new CairnError('INVALID_ARGUMENT', 'a content-length is needed');
  }
  const bytes = Number(text);
  if (bytes > LIMITS.messageBytesMax) throw new CairnError('MESSAGE_TOO_LARGE');
  return bytes;
}

/**
 * Reads a body of known length into one buffer; each byte is copied once, from the socket's buffer to its place in `room`, or in a buffer
 * of its own.
 * @throws UNAVAILABLE when the connection breaks before its end.
 */
export function readBody(message: IncomingMessage, bytes: number, room?: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let body: Buffer | undefined;
    let filled = 0;
    message.on('data', (piece: Buffer) => {
      if (body === undefined && piece.length === bytes) {
        body = piece;
        filled = bytes;
        return;
      }
      body ??= room?.subarray(0, bytes) ?? Buffer.allocUnsafeSlow(bytes);
      filled += piece.copy(body, filled);
    });
    message.on('end', () => {
      if (filled === bytes) resolve(body ?? NO_PAYLOAD);
      else reject(new CairnError('UNAVAILABLE', 'the body ended early'));
    });
    const broke = (error?: Error) => reject(new CairnError('UNAVAILABLE', 'the connection broke', { cause: error }));
    message.on('error', broke);
    message.on('close', () => broke());
  });
}
