/**
 * The one authenticator, before the router, deny by default. Everything behind it asks for a `Principal`, and only this file
 * can make one: the class is not exported, only its type.
 */
import type { KeyObject } from 'node:crypto';
import type { Clock } from '@cairn/core';
import { S3Error } from '../errors/s3-error.ts';
import type { S3Request } from '../http/request.ts';
import { ALGORITHM, type AuthorizationHeader, malformed, parseAuthorization } from './authorization-header.ts';
import { canonicalRequest } from './canonical-request.ts';
import { type ChunkSigning, type Payload, type PayloadKind, payloadKind } from './payload.ts';
import { requestTime } from './request-time.ts';
import { equalSecretly, hmacHex, SigningKeys, sha256Hex } from './signing-key.ts';

class AuthenticatedPrincipal {
  /** Makes the type nominal: nothing else is assignable to it. */
  readonly #authenticated = true;
  readonly accessKey: string;
  /** What the signature says of the body, which is yet to come. */
  readonly payload: Payload;

  constructor(accessKey: string, payload: Payload) {
    this.accessKey = accessKey;
    this.payload = payload;
  }

  get authenticated(): true {
    return this.#authenticated;
  }
}

/** Who sent a request, proved. */
export type Principal = AuthenticatedPrincipal;

export interface AuthenticatorOptions {
  clock: Clock;
  region: string;
  /** The secret key of an access key, or undefined when there is none. */
  secretKeyOf: (accessKey: string) => string | undefined;
}

/** Turns a request into who sent it, or throws the refusal. */
export type Authenticate = (request: S3Request) => Principal;

export function createAuthenticator(options: AuthenticatorOptions): Authenticate {
  const keys = new SigningKeys();
  return (request) => {
    const authorization = authorizationOf(request);
    const { accessKey, date, region, scope, signature } = authorization;
    const secretKey = options.secretKeyOf(accessKey);
    if (secretKey === undefined) {
      throw new S3Error('InvalidAccessKeyId', undefined, { elements: { AWSAccessKeyId: accessKey } });
    }
    demandScope(authorization, options.region);
    const time = requestTime(request.headers, options.clock.now());
    if (!time.startsWith(date)) throw malformed('the date in the credential scope must be that of the request.');
    const kind = payloadKind(request.headers['x-amz-content-sha256']);
    demandSignedHeaders(request, authorization.signedHeaders);
    const key = keys.keyFor({ accessKey, secretKey, date, region });
    verifySignature(request, { authorization, time, key });
    return new AuthenticatedPrincipal(
      accessKey,
      payloadOf(request, kind, { key, time, scope, seedSignature: signature }),
    );
  };
}

function authorizationOf(request: S3Request): AuthorizationHeader {
  const header = request.headers['authorization'];
  const presigned = /(?:^|&)(?:X-Amz-Algorithm|X-Amz-Signature|X-Amz-Credential|AWSAccessKeyId)=/i.test(
    request.rawQuery,
  );
  if (header === undefined) {
    if (presigned) throw new S3Error('NotImplemented', 'Presigned URLs are not supported.');
    throw new S3Error('AccessDenied');
  }
  if (presigned) throw new S3Error('InvalidArgument', 'Only one authentication mechanism is allowed.');
  if (request.headers['x-amz-security-token'] !== undefined) {
    throw new S3Error('NotImplemented', 'Temporary credentials are not supported.');
  }
  return parseAuthorization(header);
}

function demandScope({ date, region }: AuthorizationHeader, expected: string): void {
  if (!/^\d{8}$/.test(date)) throw malformed('the date in the credential scope must be YYYYMMDD.');
  if (region !== expected) {
    throw malformed(`the region '${region}' is wrong; expecting '${expected}'`, { Region: expected });
  }
}

/** What could change the meaning of a request must be signed: the host and every x-amz header. */
function demandSignedHeaders(request: S3Request, signedHeaders: string): void {
  const signed = `;${signedHeaders};`;
  if (!signed.includes(';host;')) throw malformed('the host header must be signed.');
  for (const name in request.headers) {
    if (name.startsWith('x-amz-') && !signed.includes(`;${name};`)) {
      const elements = { HeadersNotSigned: name };
      throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', {
        elements,
      });
    }
  }
}

interface Verification {
  authorization: AuthorizationHeader;
  time: string;
  key: KeyObject;
}

function verifySignature(request: S3Request, { authorization, time, key }: Verification): void {
  const { signedHeaders, scope, signature } = authorization;
  const payloadHash = request.headers['x-amz-content-sha256'] ?? '';
  const canonical = canonicalRequest(request, { signedHeaders, payloadHash });
  const stringToSign = `${ALGORITHM}\n${time}\n${scope}\n${sha256Hex(canonical)}`;
  if (equalSecretly(hmacHex(key, stringToSign), signature)) return;
  const encoded = canonicalRequest(request, { signedHeaders, payloadHash, reencode: true });
  if (encoded !== canonical) {
    const signed = hmacHex(key, `${ALGORITHM}\n${time}\n${scope}\n${sha256Hex(encoded)}`);
    if (equalSecretly(signed, signature)) return;
  }
  // What was signed here holds nothing secret, and is what the client's author has to compare with.
  const elements = {
    AWSAccessKeyId: authorization.accessKey,
    StringToSign: stringToSign,
    SignatureProvided: signature,
    CanonicalRequest: canonical,
  };
  throw new S3Error('SignatureDoesNotMatch', undefined, { elements });
}

function payloadOf(request: S3Request, kind: PayloadKind, signing: ChunkSigning): Payload {
  switch (kind) {
    case 'hashed':
      return { kind, sha256: request.headers['x-amz-content-sha256'] ?? '' };
    case 'unsigned':
      return { kind };
    case 'chunked':
      return { kind: 'chunked', trailer: false, signing };
    case 'chunked-trailer':
      return { kind: 'chunked', trailer: true, signing };
    case 'chunked-unsigned-trailer':
      return { kind: 'chunked', trailer: true, signing: undefined };
  }
}
