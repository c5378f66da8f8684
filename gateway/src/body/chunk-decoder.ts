/**
 * Decodes `aws-chunked` bodies, signed and unsigned, with and without trailers:
 *
 *   10000;chunk-signature=<64 hex>\r\n  <65,536 bytes>  \r\n     ... any number of these; `;chunk-signature=` only when signed
 *   0;chunk-signature=<64 hex>\r\n
 *   x-amz-checksum-crc32:AAAAAA==\r\n                            with a trailer only
 *   x-amz-trailer-signature:<64 hex>\r\n                         with a signed trailer only
 *   \r\n
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html. A pure state machine: data passes
 * through as views of the input. A chunk's signature is checked at its end, so its bytes must not be committed before `end()`.
 */
import { S3Error } from '../errors/s3-error.ts';
import type { ChunkSignatures } from './chunk-signatures.ts';

/** `<hex size>;chunk-signature=<64 hex>` is 90 bytes at most. */
const HEADER_BYTES_MAX = 256;
const TRAILER_BYTES_MAX = 4096;
/** S3 refuses smaller chunks, but for the last: each costs an HMAC. */
const SIGNED_CHUNK_BYTES_MIN = 8192;
const LF = 0x0a;
const TRAILER_SIGNATURE = 'x-amz-trailer-signature';

export interface ChunkDecoderOptions {
  /** `x-amz-decoded-content-length` */
  decodedBytes: number;
  trailer: boolean;
  /** undefined: chunks are not signed. */
  signatures: ChunkSignatures | undefined;
}

type State = 'header' | 'data' | 'dataEnd' | 'trailer' | 'done';

export class ChunkDecoder {
  /** By name, lower case. */
  readonly trailers = new Map<string, string>();
  readonly #options: ChunkDecoderOptions;
  #state: State = 'header';
  /** The line so far, when the input ended in it. */
  #line = '';
  #chunkBytes = 0;
  #chunkLeft = 0;
  #decodedBytes = 0;
  #trailerBytes = 0;
  #trailerText = '';
  #trailerVerified = false;

  constructor(options: ChunkDecoderOptions) {
    this.#options = options;
  }

  /** @returns The data in this input: views of it. */
  push(input: Uint8Array): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let at = 0;
    while (at < input.length) {
      if (this.#state === 'data') {
        const piece = input.subarray(at, at + this.#chunkLeft);
        this.#options.signatures?.update(piece);
        pieces.push(piece);
        at += piece.length;
        this.#chunkLeft -= piece.length;
        if (this.#chunkLeft === 0) this.#state = 'dataEnd';
        continue;
      }
      const lineEnd = input.indexOf(LF, at);
      const end = lineEnd < 0 ? input.length : lineEnd + 1;
      this.#takeLine(input, at, end);
      at = end;
    }
    return pieces;
  }

  /** To be called after the last byte. @throws IncompleteBody when the body ended early. */
  end(): void {
    if (this.#state !== 'done' || this.#decodedBytes !== this.#options.decodedBytes)
      throw new S3Error('IncompleteBody');
  }

  #takeLine(input: Uint8Array, start: number, end: number): void {
    const limit = this.#state === 'trailer' ? TRAILER_BYTES_MAX : HEADER_BYTES_MAX;
    if (this.#line.length + (end - start) > limit) throw malformed();
    this.#line += Buffer.from(input.buffer, input.byteOffset + start, end - start).toString('latin1');
    if (!this.#line.endsWith('\n')) return;
    const line = this.#line.endsWith('\r\n') ? this.#line.slice(0, -2) : this.#line.slice(0, -1);
    this.#line = '';
    switch (this.#state) {
      case 'header':
        this.#takeHeader(line);
        return;
      case 'dataEnd':
        if (line !== '') throw malformed();
        this.#options.signatures?.verifyChunk();
        this.#state = 'header';
        return;
      case 'trailer':
        this.#takeTrailer(line);
        return;
      default:
        // Some clients send one empty line more.
        if (line !== '') throw malformed();
    }
  }

  #takeHeader(line: string): void {
    const { signatures, decodedBytes } = this.#options;
    const match = /^([0-9a-fA-F]{1,10})(?:;chunk-signature=([^;]*))?$/.exec(line);
    const signature = match?.[2];
    if (match === null || (signature !== undefined && signatures === undefined)) throw malformed();
    if (signatures !== undefined) {
      if (signature === undefined) throw new S3Error('SignatureDoesNotMatch', 'The chunk signature is missing.');
      signatures.expect(signature);
    }
    const bytes = Number.parseInt(match[1] as string, 16);
    if (bytes > 0 && signatures !== undefined && this.#chunkBytes > 0 && this.#chunkBytes < SIGNED_CHUNK_BYTES_MIN) {
      throw new S3Error('InvalidChunkSizeError');
    }
    this.#chunkBytes = bytes;
    this.#chunkLeft = bytes;
    this.#decodedBytes += bytes;
    if (this.#decodedBytes > decodedBytes) throw new S3Error('IncompleteBody', 'The body is longer than was declared.');
    if (bytes > 0) {
      this.#state = 'data';
    } else {
      signatures?.verifyChunk();
      this.#state = 'trailer';
    }
  }

  #takeTrailer(line: string): void {
    const { signatures, trailer } = this.#options;
    if (line === '') {
      // A signed trailer may hold an empty line before its signature, as the documentation shows it.
      if (!trailer || signatures === undefined || this.#trailerVerified) this.#state = 'done';
      return;
    }
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    this.#trailerBytes += line.length;
    if (!trailer || colon < 1 || this.#trailerVerified || this.#trailerBytes > TRAILER_BYTES_MAX) throw malformed();
    if (signatures !== undefined && name === TRAILER_SIGNATURE) {
      signatures.verifyTrailer(this.#trailerText, value);
      this.#trailerVerified = true;
      return;
    }
    if (this.trailers.has(name)) throw malformed();
    this.trailers.set(name, value);
    this.#trailerText += `${name}:${value}\n`;
  }
}

function malformed(): S3Error {
  return new S3Error('InvalidRequest', 'The aws-chunked body is malformed.');
}
