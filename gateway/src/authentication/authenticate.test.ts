/** Signature V4 against the examples of the S3 API reference, and what is refused. */
import { describe, expect, it } from 'vitest';
import { clockAt, type RequestParts, refusal, requestOf } from '../testing/requests.ts';
import { createAuthenticator } from './authenticate.ts';

const ACCESS_KEY = 'AKIAIOSFODNN7EXAMPLE';
const SECRET_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const authenticate = createAuthenticator({
  clock: clockAt('2013-05-24T00:00:00Z'),
  region: 'us-east-1',
  secretKeyOf: (key) => (key === ACCESS_KEY ? SECRET_KEY : undefined),
});

interface Example extends RequestParts {
  signedHeaders: string;
  signature: string;
}

function signed({ signedHeaders, signature, headers, ...rest }: Example): RequestParts {
  const credential = `${ACCESS_KEY}/20130524/us-east-1/s3/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${signedHeaders},Signature=${signature}`;
  return { ...rest, headers: { ...headers, 'x-amz-date': '20130524T000000Z', authorization } };
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
const getObject: Example = {
  method: 'GET',
  target: '/test.txt',
  headers: { host: 'examplebucket.s3.amazonaws.com', range: 'bytes=0-9', 'x-amz-content-sha256': EMPTY },
  signedHeaders: 'host;range;x-amz-content-sha256;x-amz-date',
  signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
};

const examples: Record<string, Example> = {
  'GET Object': getObject,
  'PUT Object': {
    method: 'PUT',
    target: '/test%24file.text',
    headers: {
      host: 'examplebucket.s3.amazonaws.com',
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
    },
    signedHeaders: 'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
    signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  },
  'GET Bucket Lifecycle': {
    target: '/?lifecycle',
    headers: { host: 'examplebucket.s3.amazonaws.com', 'x-amz-content-sha256': EMPTY },
    signedHeaders: 'host;x-amz-content-sha256;x-amz-date',
    signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  },
  'Get Bucket (List Objects)': {
    target: '/?max-keys=2&prefix=J',
    headers: { host: 'examplebucket.s3.amazonaws.com', 'x-amz-content-sha256': EMPTY },
    signedHeaders: 'host;x-amz-content-sha256;x-amz-date',
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  },
};

/** The example with some of its headers replaced. */
function changed(headers: Record<string, string>): RequestParts {
  const request = signed(getObject);
  return { ...request, headers: { ...request.headers, ...headers } };
}

function changedAuthorization(from: string | RegExp, to: string): RequestParts {
  const before = signed(getObject).headers?.['authorization'] ?? '';
  return changed({ authorization: before.replace(from, to) });
}

function refusalOf(parts: RequestParts): string {
  return refusal(() => authenticate(requestOf(parts)));
}

describe('the authenticator', () => {
  for (const [name, example] of Object.entries(examples)) {
    it(`accepts the documented example ${name}`, () => {
      expect(authenticate(requestOf(signed(example))).accessKey).toBe(ACCESS_KEY);
    });
  }

  it('gives out what the signature says of the body', () => {
    expect(authenticate(requestOf(signed(getObject))).payload).toEqual({ kind: 'hashed', sha256: EMPTY });
  });

  it('takes the fields of the header in any order and with spaces', () => {
    const words = (signed(getObject).headers?.['authorization'] ?? '').slice('AWS4-HMAC-SHA256 '.length).split(',');
    expect(refusalOf(changed({ authorization: `AWS4-HMAC-SHA256 ${words.reverse().join(' , ')}` }))).toBe('');
  });

  it('accepts a path that was sent plainly and signed encoded', () => {
    const { signature, ...example } = examples['PUT Object'] as Example;
    expect(refusalOf(signed({ ...example, target: '/test$file.text', signature }))).toBe('');
  });

  it('refuses any flipped bit of the signature', () => {
    const { signature } = getObject;
    for (let bit = 0; bit < 256; bit += 5) {
      const bytes = Buffer.from(signature, 'hex');
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(refusalOf(signed({ ...getObject, signature: bytes.toString('hex') }))).toBe('SignatureDoesNotMatch');
    }
  });

  const refusals: [name: string, request: RequestParts, code: string][] = [
    ['no authorization', { headers: { host: 'h' } }, 'AccessDenied'],
    ['junk', changed({ authorization: 'junk' }), 'InvalidArgument'],
    ['basic authentication', changed({ authorization: 'Basic YTpi' }), 'InvalidArgument'],
    ['signature version 2', changed({ authorization: 'AWS AKIA:sig' }), 'InvalidRequest'],
    ['the scheme alone', changed({ authorization: 'AWS4-HMAC-SHA256' }), 'AuthorizationHeaderMalformed'],
    ['no signature', changedAuthorization(/,Signature=.*/, ''), 'AuthorizationHeaderMalformed'],
    ['two signatures', changedAuthorization(/$/, ',Signature=00'), 'AuthorizationHeaderMalformed'],
    ['a short credential', changedAuthorization('/20130524/us-east-1', ''), 'AuthorizationHeaderMalformed'],
    ['an unknown access key', changedAuthorization(ACCESS_KEY, 'AKIAUNKNOWN'), 'InvalidAccessKeyId'],
    ['a made-up signature', changedAuthorization(/Signature=.*/, 'Signature=made-up'), 'SignatureDoesNotMatch'],
    ['another region', changedAuthorization('us-east-1', 'eu-west-1'), 'AuthorizationHeaderMalformed'],
    ['another service', changedAuthorization('/s3/', '/ec2/'), 'AuthorizationHeaderMalformed'],
    ['another terminator', changedAuthorization('aws4_request', 'aws3_request'), 'AuthorizationHeaderMalformed'],
    ['another day', changedAuthorization('20130524/', '20130523/'), 'AuthorizationHeaderMalformed'],
    ['a day that is none', changedAuthorization('20130524/', 'today/'), 'AuthorizationHeaderMalformed'],
    ['a clock 16 minutes ahead', changed({ 'x-amz-date': '20130524T001600Z' }), 'RequestTimeTooSkewed'],
    ['a date that is none', changed({ 'x-amz-date': 'yesterday' }), 'AccessDenied'],
    ['an unsigned x-amz header', changed({ 'x-amz-acl': 'public-read' }), 'AccessDenied'],
    [
      'a signed header that every object has',
      changedAuthorization('=host;', '=constructor;host;'),
      'SignatureDoesNotMatch',
    ],
    ['the host unsigned', changedAuthorization('=host;', '='), 'AuthorizationHeaderMalformed'],
    ['another host', changed({ host: 'other.s3.amazonaws.com' }), 'SignatureDoesNotMatch'],
    ['a signed header changed', changed({ range: 'bytes=0-99' }), 'SignatureDoesNotMatch'],
    ['a payload hash that is none', changed({ 'x-amz-content-sha256': 'abc' }), 'InvalidArgument'],
    ['another payload hash', changed({ 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }), 'SignatureDoesNotMatch'],
    ['temporary credentials', changed({ 'x-amz-security-token': 'token' }), 'NotImplemented'],
    ['another path', { ...signed(getObject), target: '/test.txt2' }, 'SignatureDoesNotMatch'],
    ['another method', { ...signed(getObject), method: 'DELETE' }, 'SignatureDoesNotMatch'],
    ['a broken escape in the path', { ...signed(getObject), target: '/%zz' }, 'SignatureDoesNotMatch'],
    ['a presigned URL', { target: '/k?X-Amz-Signature=00', headers: { host: 'h' } }, 'NotImplemented'],
    ['both ways at once', { ...signed(getObject), target: '/test.txt?X-Amz-Signature=00' }, 'InvalidArgument'],
  ];
  for (const [name, request, code] of refusals) {
    it(`refuses ${name} with ${code}`, () => expect(refusalOf(request)).toBe(code));
  }

  it('refuses a request without a payload hash', () => {
    const { 'x-amz-content-sha256': _, ...headers } = signed(getObject).headers ?? {};
    expect(refusalOf({ ...getObject, headers })).toBe('InvalidRequest');
  });
});
