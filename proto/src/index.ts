/** The door of proto: the real transport and the codec of the .proto files. */
export { hostId } from './host.ts';
export { type MessageCodec, messageCodec } from './message/codec.ts';
export { createTransport, type TransportOptions } from './transport.ts';
