/** aws-chunked bodies: the documented examples, any split of the input, and what is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChunkSigning } from '../authentication/payload.ts';
import { deriveSigningKey } from '../authentication/signing-key.ts';
import { refusal } from '../testing/requests.ts';
import { plainChunks, sign, signedChunks } from '../testing/signer.ts';
import { ChunkDecoder } from './chunk-decoder.ts';
import { ChunkSignatures } from './chunk-signatures.ts';

const SECRET_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const KIB = 1024;

function signingFrom(seedSignature: string, day = '20130524', time = `${day}T000000Z`): ChunkSigning {
  const key = deriveSigningKey({ secretKey: SECRET_KEY, date: day, region: 'us-east-1' });
  return { key, time, scope: `${day}/us-east-1/s3/aws4_request`, seedSignature };
}

interface Decoding {
  body: Uint8Array;
  decodedBytes: number;
  signing?: ChunkSigning | undefined;
  trailer?: boolean;
  /** Where the input is cut. */
  cuts?: number[];
}

function decode({ body, decodedBytes, signing, trailer = false, cuts = [] }: Decoding) {
  const signatures = signing === undefined ? undefined : new ChunkSignatures(signing);
  const decoder = new ChunkDecoder({ decodedBytes, trailer, signatures });
  const pieces: Uint8Array[] = [];
  const ends = [...cuts.filter((cut) => cut < body.length).sort((a, b) => a - b), body.length];
  let at = 0;
  for (const end of ends) {
    pieces.push(...decoder.push(body.subarray(at, end)));
    at = end;
  }
  decoder.end();
  return { bytes: Buffer.concat(pieces), trailers: Object.fromEntries(decoder.trailers) };
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
const documented = {
  signing: signingFrom('4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9'),
  body: Buffer.from(
    `10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n${'a'.repeat(64 * KIB)}\r\n` +
      `400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n${'a'.repeat(KIB)}\r\n` +
      '0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n',
  ),
  decodedBytes: 65 * KIB,
};

// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
const documentedTrailer = {
  signing: signingFrom('106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e'),
  body: Buffer.from(
    `10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n${'a'.repeat(64 * KIB)}\r\n` +
      `400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n${'a'.repeat(KIB)}\r\n` +
      '0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n' +
      'x-amz-checksum-crc32c:sOO8/Q==\n\r\n' +
      'x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n',
  ),
  decodedBytes: 65 * KIB,
  trailer: true,
};

describe('the aws-chunked decoder', () => {
  it('decodes the documented signed upload', () => {
    expect(decode(documented).bytes.equals(Buffer.alloc(65 * KIB, 'a'))).toBe(true);
  });

  it('decodes the documented signed upload with a trailer', () => {
    expect(decode(documentedTrailer).trailers).toEqual({ 'x-amz-checksum-crc32c': 'sOO8/Q==' });
  });

  it('gives the same bytes however the input is split', () => {
    const chunk = fc.uint8Array({ minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 5 }), fc.array(fc.nat(2000)), (chunks, cuts) => {
        const expected = Buffer.concat(chunks);
        const body = plainChunks(chunks, ['x-amz-checksum-crc32:AAAAAA==']);
        const decoded = decode({ body, decodedBytes: expected.length, trailer: true, cuts });
        expect(decoded.bytes.equals(expected)).toBe(true);
        expect(decoded.trailers).toEqual({ 'x-amz-checksum-crc32': 'AAAAAA==' });
      }),
    );
  });

  it('verifies signed chunks however the input is split', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(70 * KIB), { maxLength: 8 }), (cuts) => {
        expect(decode({ ...documentedTrailer, cuts }).bytes.length).toBe(65 * KIB);
      }),
      { numRuns: 30 },
    );
  });

  it('passes data through as views of the input', () => {
    const body = plainChunks([Buffer.from('hello')], []);
    const [piece] = new ChunkDecoder({ decodedBytes: 5, trailer: true, signatures: undefined }).push(body);
    expect(piece?.buffer).toBe(body.buffer);
  });

  it('refuses every changed byte of a signed body', () => {
    const { body, ...rest } = documentedTrailer;
    const places = [70, 1000, 65_000, 65_630, 66_000, body.length - 100, body.length - 10];
    for (const place of places) {
      const bad = Buffer.from(body);
      bad[place] = (bad[place] as number) ^ 1;
      expect(
        refusal(() => decode({ body: bad, ...rest })),
        `byte ${place}`,
      ).not.toBe('');
    }
  });

  it('refuses chunks that were reordered', () => {
    const signed = sign({
      method: 'PUT',
      target: '/b/k',
      host: 'h',
      accessKey: 'a',
      secretKey: SECRET_KEY,
      date: new Date('2013-05-24T00:00:00Z'),
    });
    const chunks = [Buffer.alloc(8 * KIB, 1), Buffer.alloc(8 * KIB, 2)];
    const signing = signingFrom(signed.signature);
    const body = signedChunks(signed, chunks);
    expect(decode({ body, decodedBytes: 16 * KIB, signing }).bytes.equals(Buffer.concat(chunks))).toBe(true);
    const one = body.indexOf('\r\n2000;') + 2;
    const last = body.indexOf('\r\n0;') + 2;
    const swapped = Buffer.concat([body.subarray(one, last), body.subarray(0, one), body.subarray(last)]);
    expect(refusal(() => decode({ body: swapped, decodedBytes: 16 * KIB, signing }))).toBe('SignatureDoesNotMatch');
    const without = Buffer.concat([body.subarray(0, one), body.subarray(last)]);
    expect(refusal(() => decode({ body: without, decodedBytes: 8 * KIB, signing }))).toBe('SignatureDoesNotMatch');
  });

  const plain = (text: string, decodedBytes: number) => ({ body: Buffer.from(text), decodedBytes, trailer: true });
  const refusals: [name: string, decoding: Decoding, code: string][] = [
    ['a body that ends early', plain('5\r\nhel', 5), 'IncompleteBody'],
    ['a body without its last chunk', plain('5\r\nhello\r\n', 5), 'IncompleteBody'],
    ['fewer bytes than declared', plain('5\r\nhello\r\n0\r\n\r\n', 6), 'IncompleteBody'],
    ['more bytes than declared', plain('5\r\nhello\r\n0\r\n\r\n', 4), 'IncompleteBody'],
    ['a size that is no number', plain('zz\r\nhello\r\n', 5), 'InvalidRequest'],
    ['a negative size', plain('-5\r\nhello\r\n', 5), 'InvalidRequest'],
    ['an endless size line', plain('0'.repeat(10_000), 5), 'InvalidRequest'],
    ['endless trailers', plain(`0\r\n${'a:b\r\n'.repeat(10_000)}`, 0), 'InvalidRequest'],
    ['data after the end', plain('0\r\n\r\nmore\r\n', 0), 'InvalidRequest'],
    ['a chunk longer than its size', plain('4\r\nhello\r\n0\r\n\r\n', 4), 'InvalidRequest'],
    ['a trailer where none was announced', { ...plain('0\r\na:b\r\n\r\n', 0), trailer: false }, 'InvalidRequest'],
    ['a signature where none was announced', plain('0;chunk-signature=00\r\n\r\n', 0), 'InvalidRequest'],
    ['a missing signature', { ...documented, body: Buffer.from('0\r\n\r\n') }, 'SignatureDoesNotMatch'],
    [
      'a signed trailer without its signature',
      {
        ...documentedTrailer,
        body: documentedTrailer.body.subarray(0, documentedTrailer.body.indexOf('x-amz-trailer')),
      },
      'IncompleteBody',
    ],
  ];
  for (const [name, decoding, code] of refusals) {
    it(`refuses ${name} with ${code}`, () => expect(refusal(() => decode(decoding))).toBe(code));
  }

  it('refuses small signed chunks before the last', () => {
    const date = new Date('2013-05-24T00:00:00Z');
    const signed = sign({ method: 'PUT', target: '/b/k', host: 'h', accessKey: 'a', secretKey: SECRET_KEY, date });
    const body = signedChunks(signed, [Buffer.alloc(10), Buffer.alloc(10)]);
    const signing = signingFrom(signed.signature);
    expect(refusal(() => decode({ body, decodedBytes: 20, signing }))).toBe('InvalidChunkSizeError');
  });
});
