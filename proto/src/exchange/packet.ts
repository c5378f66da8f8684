/**
 * Packets: many frames in one gRPC message. Frames are encoded straight into the packet, so a body is copied once, and a frame that cannot
 * be encoded leaves the others as they are.
 */
import { CairnError, LIMITS } from '@cairn/core';
import { wireMessage } from '../error-map.ts';
import { type MessageCodec, messageCodec } from '../message/codec.ts';
import { messageType } from '../message/schema.ts';
import { StrictWriter } from '../message/strict-wire.ts';

/** A received frame, see cairn.proto. */
export interface Frame {
  call: number;
  method: string;
  deadlineMs: number;
  cancel: boolean;
  errorCode: string;
  errorMessage: string;
  body: Uint8Array;
}

/** @throws INVALID_ARGUMENT */
export const decodePacket: (bytes: Buffer) => { frames: Frame[] } = messageCodec<{ frames: Frame[] }>(
  'cairn.v1.Packet',
).decode;

const WIRE_TYPE_VARINT = 0;
const WIRE_TYPE_BYTES = 2;

function tag(type: string, field: string, wireType: number): number {
  const id = messageType(`cairn.v1.${type}`).fields[field]?.id;
  if (id === undefined) throw new CairnError('INTERNAL', `cairn.proto has no ${type}.${field}`);
  return (id << 3) | wireType;
}

const FRAMES = tag('Packet', 'frames', WIRE_TYPE_BYTES);
const CALL = tag('Frame', 'call', WIRE_TYPE_VARINT);
const METHOD = tag('Frame', 'method', WIRE_TYPE_BYTES);
const DEADLINE_MS = tag('Frame', 'deadlineMs', WIRE_TYPE_VARINT);
const CANCEL = tag('Frame', 'cancel', WIRE_TYPE_VARINT);
const ERROR_CODE = tag('Frame', 'errorCode', WIRE_TYPE_BYTES);
const ERROR_MESSAGE = tag('Frame', 'errorMessage', WIRE_TYPE_BYTES);
const BODY = tag('Frame', 'body', WIRE_TYPE_BYTES);

export class PacketWriter {
  readonly #writer = new StrictWriter();

  get bytes(): number {
    return this.#writer.len;
  }

  /** @throws MESSAGE_TOO_LARGE or what the encoder throws; the packet is good without the frame then. */
  request<T>(head: { call: number; method: string; deadlineMs: number }, codec: MessageCodec<T>, message: T): void {
    this.#open(head.call).uint32(METHOD).string(head.method).uint32(DEADLINE_MS).uint32(head.deadlineMs);
    this.#body(codec, message);
    this.#writer.ldelim();
  }

  /** @throws As `request` does. */
  answer<T>(call: number, codec: MessageCodec<T>, message: T): void {
    this.#open(call);
    this.#body(codec, message);
    this.#writer.ldelim();
  }

  failure(call: number, error: CairnError): void {
    this.#open(call).uint32(ERROR_CODE).string(error.code).uint32(ERROR_MESSAGE).string(wireMessage(error)).ldelim();
  }

  cancel(call: number): void {
    this.#open(call).uint32(CANCEL).uint32(1).ldelim();
  }

  finish(): Buffer {
    return this.#writer.finish();
  }

  #open(call: number): StrictWriter {
    return this.#writer.uint32(FRAMES).fork().uint32(CALL).uint32(call);
  }

  #body<T>(codec: MessageCodec<T>, message: T): void {
    const writer = this.#writer;
    const frame = writer.states;
    writer.uint32(BODY).fork();
    try {
      codec.write(message, writer);
      if (writer.len > LIMITS.messageBytesMax) throw new CairnError('MESSAGE_TOO_LARGE');
    } catch (error) {
      while (writer.states !== frame) writer.reset();
      this.#emptyFrame();
      throw error;
    }
    writer.ldelim();
  }

  /** What is open becomes a frame of call 0, which receivers skip. */
  #emptyFrame(): void {
    const writer = this.#writer;
    writer.reset();
    writer.fork().ldelim();
  }
}
