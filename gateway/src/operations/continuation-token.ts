/**
 * Continuation tokens: where a listing goes on, opaque to clients and authenticated, so that a token that was changed, or that belongs
 * to another listing, is refused instead of skipping keys. Any gateway of the cluster can read what another one wrote.
 *
 *   base64url( hmac (16 bytes) , 'p' or 'k' , position in UTF-8 )
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { S3Error } from '../errors/s3-error.ts';

const MAC_BYTES = 16;

export interface ListPosition {
  startAfter: string;
  /** `startAfter` is a common prefix that was listed: everything below it is skipped. */
  startAfterPrefix: boolean;
}

/** What a listing is of: a token is good for this one only. */
export interface ListSubject {
  bucket: string;
  prefix: string;
  delimiter: string;
}

export class ContinuationTokens {
  readonly #key: Buffer;

  constructor(clusterSecret: string) {
    this.#key = createHmac('sha256', clusterSecret).update('cairn gateway continuation token 1').digest();
  }

  encode(subject: ListSubject, position: ListPosition): string {
    const text = Buffer.from(`${position.startAfterPrefix ? 'p' : 'k'}${position.startAfter}`, 'utf8');
    return Buffer.concat([this.#mac(subject, text), text]).toString('base64url');
  }

  /** @throws InvalidArgument */
  decode(subject: ListSubject, token: string): ListPosition {
    const bytes = Buffer.from(token, 'base64url');
    const text = bytes.subarray(MAC_BYTES);
    // Decoding base64 forgives much; only the one spelling that was given out is taken back.
    const isOurs =
      text.length > 1 &&
      bytes.toString('base64url') === token &&
      timingSafeEqual(bytes.subarray(0, MAC_BYTES), this.#mac(subject, text));
    if (!isOurs) {
      const elements = { ArgumentName: 'continuation-token', ArgumentValue: token };
      throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect', { elements });
    }
    return { startAfterPrefix: text[0] === 0x70, startAfter: text.toString('utf8', 1) };
  }

  #mac({ bucket, prefix, delimiter }: ListSubject, text: Buffer): Buffer {
    const mac = createHmac('sha256', this.#key)
      .update(JSON.stringify([bucket, prefix, delimiter]))
      .update(text);
    return mac.digest().subarray(0, MAC_BYTES);
  }
}
