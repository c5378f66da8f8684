/**
 * The body of one request: its declared length and digests, read and refused before the first byte is asked for, then its decoded
 * bytes, as one buffer when it is small and as a stream of pieces else. Reading to the end is the proof: it throws when anything
 * that was declared does not hold, so nothing may be committed before.
 */
import { type Attribute, LIMITS } from '@cairn/core';
import type { Principal } from '../authentication/authenticate.ts';
import { S3Error } from '../errors/s3-error.ts';
import type { BodyReader } from '../http/body-reader.ts';
import type { S3Request } from '../http/request.ts';
import { ChunkDecoder } from './chunk-decoder.ts';
import { ChunkSignatures } from './chunk-signatures.ts';
import { type DeclaredDigests, declaredDigests } from './declared-digests.ts';
import { DigestCheck } from './digest-check.ts';

const NO_TRAILERS: ReadonlyMap<string, string> = new Map();

export interface RequestBodyOptions {
  request: S3Request;
  principal: Principal;
  /** More bytes than this are refused with EntityTooLarge. */
  bytesMax: number;
  /** Starts to read: answers `Expect: 100-continue` if there is need. */
  open: () => BodyReader;
}

export class RequestBody {
  /** Decoded bytes, undefined when the client did not say. */
  readonly bytes: number | undefined;
  readonly digests: DeclaredDigests;
  readonly #options: RequestBodyOptions;
  readonly #decoder: ChunkDecoder | undefined;
  readonly #check: DigestCheck;

  /** @throws MissingContentLength, EntityTooLarge, InvalidArgument, InvalidDigest, InvalidRequest */
  constructor(options: RequestBodyOptions) {
    const { request, principal, bytesMax } = options;
    const { payload } = principal;
    this.#options = options;
    this.bytes = declaredBytes(request, payload.kind === 'chunked');
    if (this.bytes !== undefined && this.bytes > bytesMax) throw new S3Error('EntityTooLarge');
    this.digests = declaredDigests(request.headers);
    if (payload.kind === 'chunked') {
      const signatures = payload.signing === undefined ? undefined : new ChunkSignatures(payload.signing);
      this.#decoder = new ChunkDecoder({ decodedBytes: this.bytes ?? 0, trailer: payload.trailer, signatures });
    }
    if (request.headers['x-amz-trailer'] !== undefined && !(payload.kind === 'chunked' && payload.trailer)) {
      throw new S3Error('InvalidRequest', 'x-amz-trailer needs an x-amz-content-sha256 that ends with -TRAILER.');
    }
    this.#check = new DigestCheck(this.digests, payload);
  }

  /** Whether it is cheaper to hold the whole body than to pass it on in pieces. */
  get isSmall(): boolean {
    return this.bytes !== undefined && this.bytes <= LIMITS.gatewaySmallBodyBytes;
  }

  /** The checksum that was declared and was found right; there only after the whole body was read. */
  get verifiedChecksum(): Attribute | undefined {
    return this.#check.checksum;
  }

  /** The whole body, verified. */
  async collect(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.pieces()) pieces.push(piece);
    return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
  }

  /** The body's pieces; the loop ends only if all of it is there and right. */
  async *pieces(): AsyncGenerator<Uint8Array, void> {
    const { request, bytesMax } = this.#options;
    let receivedBytes = 0;
    if (request.hasBody) {
      const reader = this.#options.open();
      for (let input = await reader.next(); input !== undefined; input = await reader.next()) {
        const pieces = this.#decoder === undefined ? [input] : this.#decoder.push(input);
        for (const piece of pieces) {
          receivedBytes += piece.length;
          if (receivedBytes > bytesMax) throw new S3Error('EntityTooLarge');
          this.#check.update(piece);
          yield piece;
        }
      }
    }
    this.#decoder?.end();
    if (this.bytes !== undefined && receivedBytes !== this.bytes) throw new S3Error('IncompleteBody');
    this.#check.end(this.#decoder?.trailers ?? NO_TRAILERS);
  }
}

function declaredBytes(request: S3Request, isChunked: boolean): number | undefined {
  const length = request.headers['content-length'];
  if (!isChunked) {
    if (length !== undefined) return wholeNumber(length);
    if (request.headers['transfer-encoding'] !== undefined) return undefined;
    throw new S3Error('MissingContentLength');
  }
  const decoded = request.headers['x-amz-decoded-content-length'];
  if (decoded === undefined) throw new S3Error('MissingContentLength', 'x-amz-decoded-content-length is missing.');
  if (length === undefined && request.headers['transfer-encoding'] === undefined)
    throw new S3Error('MissingContentLength');
  return wholeNumber(decoded);
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(number)) {
    throw new S3Error('InvalidArgument', 'The length of the body must be a whole number.');
  }
  return number;
}
