/** Bad requests over real sockets: each gets its answer, nothing is stored, and the gateway goes on. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually, startTestCluster, type TestCluster } from './testing/cluster.ts';
import { headOf, RawConnection, type SendOptions, send, signFor } from './testing/raw-client.ts';
import { plainChunks, sha256, signedChunks } from './testing/signer.ts';

const KIB = 1024;
const OLD = 'the old version';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startTestCluster();
  await send(cluster, { method: 'PUT', target: '/bucket', body: '' });
});

afterAll(() => cluster?.close());

beforeEach(async () => {
  const { status } = await send(cluster, { method: 'PUT', target: '/bucket/key', body: OLD });
  expect(status).toBe(200);
});

async function expectOldVersion(): Promise<void> {
  const { body } = await send(cluster, { method: 'GET', target: '/bucket/key' });
  expect(body.toString()).toBe(OLD);
  const list = await send(cluster, { method: 'GET', target: '/bucket' });
  expect([...list.body.toString().matchAll(/<Key>([^<]*)/g)].map(([, key]) => key)).toEqual(['key']);
}

type Request = Omit<SendOptions, 'method' | 'target'> & { method?: string; target?: string };

const put = { method: 'PUT', target: '/bucket/key', body: 'a new version' };
const trailers = { 'x-amz-trailer': 'x-amz-checksum-crc32', 'x-amz-decoded-content-length': '5' };
const UNSIGNED_TRAILER = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

function plainBody(trailer: string): Request {
  return { headers: trailers, payload: UNSIGNED_TRAILER, body: plainChunks([Buffer.from('hello')], [trailer]) };
}

describe('a PUT that is refused leaves the old version as it was:', () => {
  const table: [name: string, request: Request, status: number, code: string][] = [
    ['a wrong secret', { secretKey: 'another secret' }, 403, 'SignatureDoesNotMatch'],
    ['an unknown key', { accessKey: 'AKIANOBODY' }, 403, 'InvalidAccessKeyId'],
    ['another region', { region: 'eu-west-1' }, 400, 'AuthorizationHeaderMalformed'],
    ['a clock off by 16 minutes', { date: new Date(Date.now() - 16 * 60_000) }, 403, 'RequestTimeTooSkewed'],
    ['a header that is not signed', { unsigned: { 'x-amz-meta-a': 'b' } }, 403, 'AccessDenied'],
    ['a payload hash that is none', { payload: 'nonsense' }, 400, 'InvalidArgument'],
    ['a wrong payload hash', { payload: sha256('something else') }, 400, 'XAmzContentSHA256Mismatch'],
    ['a Content-MD5 that is not base64', { headers: { 'content-md5': '!' } }, 400, 'InvalidDigest'],
    ['a wrong Content-MD5', { headers: { 'content-md5': 'XUFAKrxLKna5cZ2REBfFkg==' } }, 400, 'BadDigest'],
    ['a wrong checksum', { headers: { 'x-amz-checksum-crc32': 'NhCmhg==' } }, 400, 'BadDigest'],
    ['a wrong trailing checksum', plainBody('x-amz-checksum-crc32:AAAAAA=='), 400, 'BadDigest'],
    ['a trailing checksum that is none', plainBody('x-amz-checksum-crc32:hello'), 400, 'InvalidRequest'],
    ['a trailer that was not announced', plainBody('x-amz-checksum-crc32c:NhCmhg=='), 400, 'InvalidRequest'],
    ['too much metadata', { headers: { 'x-amz-meta-a': 'v'.repeat(2100) } }, 400, 'MetadataTooLarge'],
    [
      'a header section without end',
      { unsigned: { 'x-long': 'v'.repeat(40 * KIB) } },
      400,
      'RequestHeaderSectionTooLarge',
    ],
    ['a copy', { headers: { 'x-amz-copy-source': '/bucket/key' } }, 501, 'NotImplemented'],
    ['a part', { target: '/bucket/key?partNumber=1&uploadId=x' }, 501, 'NotImplemented'],
    ['a condition that does not hold', { headers: { 'if-none-match': '*' } }, 412, 'PreconditionFailed'],
    ['a key that is too long', { target: `/bucket/${'k'.repeat(1025)}` }, 400, 'KeyTooLongError'],
    ['a key that is not UTF-8', { target: '/bucket/%FF%FE' }, 400, 'InvalidURI'],
    ['a bucket that is not there', { target: '/no-such-bucket/key' }, 404, 'NoSuchBucket'],
  ];
  for (const [name, request, status, code] of table) {
    it(`${name} gets ${status} ${code}`, async () => {
      const answer = await send(cluster, { ...put, ...request });
      expect([answer.status, answer.code]).toEqual([status, code]);
      expect(answer.headers['x-amz-request-id']).toBe(/<RequestId>(\w+)/.exec(answer.body.toString())?.[1]);
      await expectOldVersion();
    });
  }

  it('a body of unsigned chunks with a made-up signature gets 403 on any route', async () => {
    for (const [method, target] of [
      ['PUT', '/bucket/key'],
      ['GET', '/bucket/key'],
      ['DELETE', '/bucket/key'],
      ['GET', '/'],
    ] as const) {
      const { headers } = signFor(cluster, { method, target, payload: UNSIGNED_TRAILER, headers: trailers });
      const authorization = headers['authorization']?.replace(/Signature=.*/, `Signature=${'0'.repeat(64)}`) ?? '';
      const length = { 'content-length': '0', authorization };
      const connection = new RawConnection(cluster).send(headOf(method, target, { ...headers, ...length }));
      const answer = await connection.answer();
      expect([method, target, answer.status, answer.code]).toEqual([method, target, 403, 'SignatureDoesNotMatch']);
      connection.destroy();
    }
    await expectOldVersion();
  });

  it('a wrong chunk signature gets 403, a right one is stored', async () => {
    const chunks = [Buffer.alloc(64 * KIB, 1), Buffer.alloc(64 * KIB, 2), Buffer.from('end')];
    const bytes = 128 * KIB + 3;
    const payload = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
    const upload = async (change: (body: Buffer) => void) => {
      const headers = { 'x-amz-decoded-content-length': String(bytes), 'content-encoding': 'aws-chunked' };
      const signed = signFor(cluster, { method: 'PUT', target: '/bucket/key', payload, headers });
      const body = signedChunks(signed, chunks);
      change(body);
      const length = { 'content-length': String(body.length) };
      const connection = new RawConnection(cluster).send(
        headOf('PUT', '/bucket/key', { ...signed.headers, ...length }),
        body,
      );
      const answer = await connection.answer();
      connection.destroy();
      return answer;
    };
    for (const place of [30, 1000, 70 * KIB, 128 * KIB + 300]) {
      const answer = await upload((body) => {
        body[place] = (body[place] as number) ^ 1;
      });
      expect(answer.status, `byte ${place}`).toBeGreaterThanOrEqual(400);
      await expectOldVersion();
    }
    expect((await upload(() => undefined)).status).toBe(200);
    const { body } = await send(cluster, { method: 'GET', target: '/bucket/key' });
    expect(body.equals(Buffer.concat(chunks))).toBe(true);
  });

  it('no length gets 411, one above 5 GiB gets EntityTooLarge before the body', async () => {
    const { headers } = signFor(cluster, { method: 'PUT', target: '/bucket/key' });
    const without = new RawConnection(cluster).send(headOf('PUT', '/bucket/key', headers));
    expect(await without.answer()).toMatchObject({ status: 411, code: 'MissingContentLength' });
    const length = { 'content-length': String(5 * 1024 ** 3 + 1) };
    const large = new RawConnection(cluster).send(headOf('PUT', '/bucket/key', { ...headers, ...length }));
    expect(await large.answer()).toMatchObject({ status: 400, code: 'EntityTooLarge' });
    large.destroy();
    without.destroy();
    await expectOldVersion();
  });

  for (const bytes of [100, 300 * KIB]) {
    it(`a body of ${bytes} bytes that ends early gets IncompleteBody, or nothing when the client is gone`, async () => {
      const { headers } = signFor(cluster, { method: 'PUT', target: '/bucket/key' });
      const head = headOf('PUT', '/bucket/key', { ...headers, 'content-length': String(bytes) });
      const short = new RawConnection(cluster).send(head, Buffer.alloc(bytes - 1));
      short.socket.end();
      expect(await short.answer()).toMatchObject({ status: 400, code: 'IncompleteBody' });
      await short.closed();
      const gone = new RawConnection(cluster).send(head, Buffer.alloc(bytes - 1));
      await eventually('the body is under way', () => inFlight() > 0);
      gone.destroy();
      await eventually('the request has ended', () => inFlight() === 0);
      await expectOldVersion();
    });
  }

  it('a body in HTTP chunks is stored when it is whole and dropped when it is not', async () => {
    const { headers } = signFor(cluster, { method: 'PUT', target: '/bucket/key' });
    const head = headOf('PUT', '/bucket/key', { ...headers, 'transfer-encoding': 'chunked' });
    const broken = new RawConnection(cluster).send(head, '5\r\nhello\r\nnonsense\r\n');
    expect(await broken.answer()).toMatchObject({ status: 400, code: 'IncompleteBody' });
    await expectOldVersion();
    const whole = new RawConnection(cluster).send(head, '5\r\nhello\r\n0\r\n\r\n');
    expect(await whole.answer()).toMatchObject({
      status: 200,
      headers: { etag: '"5d41402abc4b2a76b9719d911017c592"' },
    });
    broken.destroy();
    whole.destroy();
  });
});

function inFlight(): number {
  const sample = cluster.gateway.metrics().find(({ name }) => name === 'cairn_gateway_inflight_requests');
  return sample?.value ?? 0;
}

describe('requests that are no good HTTP are refused and the connection is closed:', () => {
  const auth = () => signFor(cluster, { method: 'GET', target: '/bucket/key' }).headers;
  const table: [name: string, text: () => string][] = [
    ['two Host headers', () => headOf('GET', '/bucket/key', auth()).replace('\r\n\r\n', '\r\nHost: other\r\n\r\n')],
    ['no Host header', () => headOf('GET', '/bucket/key', auth()).replace(/host: .*\r\n/, '')],
    [
      'Content-Length and Transfer-Encoding',
      () => headOf('PUT', '/bucket/key', { ...auth(), 'content-length': '5', 'transfer-encoding': 'chunked' }),
    ],
    [
      'two Content-Lengths',
      () => headOf('PUT', '/bucket/key', { ...auth(), 'content-length': '5', 'Content-Length': '6' }),
    ],
    ['an unknown transfer coding', () => headOf('PUT', '/bucket/key', { ...auth(), 'transfer-encoding': 'xchunked' })],
    ['two transfer codings', () => headOf('PUT', '/bucket/key', { ...auth(), 'transfer-encoding': 'gzip, chunked' })],
    ['two Authorization headers', () => headOf('GET', '/bucket/key', { ...auth(), Authorization: 'junk' })],
    ['an absolute target', () => headOf('GET', 'http://localhost/bucket/key', auth())],
    ['a target that is no path', () => headOf('OPTIONS', '*', auth())],
    ['no HTTP at all', () => 'hello\r\n\r\n'],
    ['another version', () => headOf('GET', '/bucket/key', auth()).replace('HTTP/1.1', 'HTTP/9.9')],
    ['a header without a name', () => headOf('GET', '/bucket/key', auth()).replace('\r\n\r\n', '\r\n: x\r\n\r\n')],
    ['a line that is folded', () => headOf('GET', '/bucket/key', auth()).replace('\r\n\r\n', '\r\n folded\r\n\r\n')],
  ];
  for (const [name, text] of table) {
    it(`${name}`, async () => {
      const connection = new RawConnection(cluster).send(text());
      expect(await connection.answer()).toMatchObject({
        status: 400,
        code: 'BadRequest',
        headers: { connection: 'close' },
      });
      await connection.closed();
      connection.destroy();
    });
  }
});

describe('a connection', () => {
  it('goes on after a refusal without a body', async () => {
    const connection = new RawConnection(cluster);
    for (const target of ['/bucket/absent', '/bucket/key']) {
      const { headers } = signFor(cluster, { method: 'GET', target });
      connection.send(headOf('GET', target, headers));
    }
    expect((await connection.answer()).status).toBe(404);
    expect((await connection.answer()).body.toString()).toBe(OLD);
    connection.destroy();
  });

  it('gets its refusal whole while it still sends, and is closed then', async () => {
    const { headers } = signFor(cluster, { method: 'PUT', target: '/bucket/key', secretKey: 'wrong' });
    const bytes = 4 * KIB * KIB;
    const connection = new RawConnection(cluster).send(
      headOf('PUT', '/bucket/key', { ...headers, 'content-length': String(bytes) }),
    );
    for (let sent = 0; sent < bytes; sent += 256 * KIB) connection.send(Buffer.alloc(256 * KIB));
    const answer = await connection.answer();
    expect(answer).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch', headers: { connection: 'close' } });
    await connection.closed();
    connection.destroy();
    await expectOldVersion();
  });

  it('is told to continue only when the head is good', async () => {
    const ask = (options: Partial<SendOptions>) => {
      const { headers } = signFor(cluster, { method: 'PUT', target: '/bucket/key', ...options });
      const more = { 'content-length': '5', expect: '100-continue' };
      return new RawConnection(cluster).send(headOf('PUT', '/bucket/key', { ...headers, ...more }));
    };
    const refused: [Partial<SendOptions>, number][] = [
      [{ secretKey: 'wrong' }, 403],
      [{ headers: { 'x-amz-copy-source': '/a/b' } }, 501],
      [{ headers: { 'content-md5': '!' } }, 400],
    ];
    for (const [options, status] of refused) {
      const connection = ask(options);
      expect(await connection.answer()).toMatchObject({ status, interim: [], headers: { connection: 'close' } });
      await connection.closed();
      connection.destroy();
    }
    const connection = ask({});
    await eventually('it is told to continue', () => connection.receivedBytes > 0);
    connection.send('hello');
    expect(await connection.answer()).toMatchObject({ status: 200, interim: [100] });
    connection.destroy();
  });
});

describe('DeleteObjects', () => {
  const remove = (body: string, more: Partial<SendOptions> = {}) =>
    send(cluster, { method: 'POST', target: '/bucket?delete=', body, ...more });
  const list = (keys: number) => `<Delete>${'<Object><Key>absent</Key></Object>'.repeat(keys)}</Delete>`;

  it('takes 1,000 keys and not one more', async () => {
    expect((await remove(list(1000))).status).toBe(200);
    expect(await remove(list(1001))).toMatchObject({ status: 400, code: 'MalformedXML' });
    expect(await remove(list(0))).toMatchObject({ status: 400, code: 'MalformedXML' });
  });

  it('refuses XML that could do harm, at once', async () => {
    for (const body of ['<!DOCTYPE d><Delete/>', `<Delete>${'<a>'.repeat(100_000)}`, 'junk', '']) {
      expect(await remove(body)).toMatchObject({ status: 400, code: 'MalformedXML' });
    }
    await expectOldVersion();
  });

  it('refuses a wrong digest before anything is deleted', async () => {
    const body = '<Delete><Object><Key>key</Key></Object></Delete>';
    const md5 = createHash('md5').update('other').digest('base64');
    expect(await remove(body, { headers: { 'content-md5': md5 } })).toMatchObject({ status: 400, code: 'BadDigest' });
    expect(await remove(body, { payload: sha256('other') })).toMatchObject({
      status: 400,
      code: 'XAmzContentSHA256Mismatch',
    });
    await expectOldVersion();
  });

  it('refuses versions, which do not exist here', async () => {
    const body = '<Delete><Object><Key>key</Key><VersionId>1</VersionId></Object></Delete>';
    expect(await remove(body)).toMatchObject({ status: 501, code: 'NotImplemented' });
    await expectOldVersion();
  });

  it('tells per key what is wrong with it', async () => {
    const answer = await remove(
      `<Delete><Object><Key>${'k'.repeat(1025)}</Key></Object><Object><Key>x</Key></Object></Delete>`,
    );
    expect(answer.status).toBe(200);
    expect(answer.body.toString()).toMatch(
      /<Error><Key>k+<\/Key><Code>KeyTooLongError<\/Code>.*<Deleted><Key>x<\/Key><\/Deleted>/,
    );
  });
});
