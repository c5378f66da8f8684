/** Every request is one of the known operations or is refused by name. */
import { describe, expect, it } from 'vitest';
import { refusal, requestOf } from '../testing/requests.ts';
import { parseOperation } from './parse-operation.ts';

function parse(method: string, target: string, headers: Record<string, string> = {}, domain?: string) {
  return parseOperation(requestOf({ method, target, headers: { host: 'localhost', ...headers } }), domain);
}

describe('parsing an operation', () => {
  const kinds: [method: string, target: string, kind: string][] = [
    ['GET', '/', 'ListBuckets'],
    ['GET', '/?x-id=ListBuckets', 'ListBuckets'],
    ['PUT', '/bucket', 'CreateBucket'],
    ['PUT', '/bucket/', 'CreateBucket'],
    ['HEAD', '/bucket', 'HeadBucket'],
    ['DELETE', '/bucket', 'DeleteBucket'],
    ['GET', '/bucket?location', 'GetBucketLocation'],
    ['GET', '/bucket?versioning', 'GetBucketVersioning'],
    ['GET', '/bucket', 'ListObjects'],
    ['GET', '/bucket?list-type=2&prefix=a%2Fb', 'ListObjectsV2'],
    ['POST', '/bucket?delete', 'DeleteObjects'],
    ['POST', '/bucket?delete=', 'DeleteObjects'],
    ['PUT', '/bucket/key?x-id=PutObject', 'PutObject'],
    ['GET', '/bucket/key', 'GetObject'],
    ['HEAD', '/bucket/key', 'HeadObject'],
    ['DELETE', '/bucket/key', 'DeleteObject'],
  ];
  for (const [method, target, kind] of kinds) {
    it(`finds ${kind} in ${method} ${target}`, () => expect(parse(method, target).kind).toBe(kind));
  }

  const keys: [target: string, key: string][] = [
    ['/bucket/../../etc/passwd', '../../etc/passwd'],
    ['/bucket/a//b', 'a//b'],
    ['/bucket//', '/'],
    ['/bucket/.', '.'],
    ['/bucket/%2e%2e%2f', '../'],
    ['/bucket/a+b%2Bc%20d', 'a+b+c d'],
    ['/bucket/%C3%BC', 'ü'],
    ['/bucket/\u00c3\u00bc', 'ü'],
    ['/bucket/%EF%BB%BFbom', '\ufeffbom'],
    ['/bucket/%25zz', '%zz'],
    ['/bucket/%00', '\0'],
  ];
  for (const [target, key] of keys) {
    it(`reads ${target} byte for byte`, () => expect(parse('GET', target)).toMatchObject({ bucket: 'bucket', key }));
  }

  it('takes the bucket from the host below its domain', () => {
    const host = (name: string) => ({ host: name });
    const domain = 's3.example.org';
    expect(parse('GET', '/a/b', host('bucket.s3.example.org:9000'), domain)).toMatchObject({
      bucket: 'bucket',
      key: 'a/b',
    });
    expect(parse('GET', '/', host('my.bucket.S3.example.org'), domain)).toMatchObject({
      kind: 'ListObjects',
      bucket: 'my.bucket',
    });
    expect(parse('GET', '/bucket/a', host('s3.example.org'), domain)).toMatchObject({ bucket: 'bucket', key: 'a' });
    expect(parse('GET', '/bucket/a', host('10.0.0.1'), domain)).toMatchObject({ bucket: 'bucket', key: 'a' });
  });

  it('reads listing parameters', () => {
    const target =
      '/bucket?list-type=2&prefix=a+b&delimiter=%2F&max-keys=5000&start-after=x&fetch-owner=true&encoding-type=url';
    expect(parse('GET', target)).toEqual({
      kind: 'ListObjectsV2',
      bucket: 'bucket',
      prefix: 'a b',
      delimiter: '/',
      maxKeys: 1000,
      encodeNames: true,
      startAfter: 'x',
      continuationToken: undefined,
      fetchOwner: true,
    });
  });

  it('reads overrides of the answer', () => {
    const operation = parse('GET', '/bucket/key?response-content-type=text%2Fplain&response-expires=0');
    expect(operation).toMatchObject({
      overrides: [
        ['content-type', 'text/plain'],
        ['expires', '0'],
      ],
    });
  });

  const refusals: [method: string, target: string, code: string, headers?: Record<string, string>][] = [
    ['GET', '/ab', 'InvalidBucketName'],
    ['GET', '/A_b', 'InvalidBucketName'],
    ['GET', '/10.0.0.1', 'InvalidBucketName'],
    ['GET', `/${'a'.repeat(64)}`, 'InvalidBucketName'],
    ['GET', '/-ab', 'InvalidBucketName'],
    ['GET', '/a..b', 'InvalidBucketName'],
    ['GET', '//key', 'InvalidBucketName'],
    ['GET', '/%2e%2e/key', 'InvalidBucketName'],
    ['GET', '/b%2fx/key', 'InvalidBucketName'],
    ['PUT', `/bucket/${'k'.repeat(1025)}`, 'KeyTooLongError'],
    ['PUT', `/bucket/${'%C3%BC'.repeat(513)}`, 'KeyTooLongError'],
    ['PUT', '/bucket/%ff', 'InvalidURI'],
    ['PUT', '/bucket/%C0%AE', 'InvalidURI'],
    ['PUT', '/bucket/%ED%A0%80', 'InvalidURI'],
    ['PUT', '/bucket/%zz', 'InvalidURI'],
    ['PUT', '/bucket/%2', 'InvalidURI'],
    ['GET', '/bucket?max-keys=-1', 'InvalidArgument'],
    ['GET', '/bucket?max-keys=ten', 'InvalidArgument'],
    ['GET', '/bucket?max-keys=2147483648', 'InvalidArgument'],
    ['GET', '/bucket?list-type=3', 'InvalidArgument'],
    ['GET', '/bucket?encoding-type=xml', 'InvalidArgument'],
    ['GET', '/bucket?prefix=a&prefix=b', 'InvalidArgument'],
    ['GET', '/bucket/key?response-content-type=a%0d%0aSet-Cookie:%20b', 'InvalidArgument'],
    ['GET', '/bucket/key?response-content-type=a%1bb', 'InvalidArgument'],
    ['PUT', '/', 'MethodNotAllowed'],
    ['POST', '/bucket/key', 'MethodNotAllowed'],
    ['POST', '/bucket', 'NotImplemented'],
    ['OPTIONS', '/bucket/key', 'NotImplemented'],
    ['PATCH', '/bucket/key', 'NotImplemented'],
    ...['acl', 'cors', 'lifecycle', 'policy', 'tagging', 'versions', 'uploads', 'object-lock', 'website'].map(
      (name): [string, string, string] => ['GET', `/bucket?${name}`, 'NotImplemented'],
    ),
    ...['acl', 'tagging', 'attributes', 'uploadId=1', 'versionId=1', 'partNumber=1', 'torrent', 'retention'].map(
      (name): [string, string, string] => ['GET', `/bucket/key?${name}`, 'NotImplemented'],
    ),
    ['PUT', '/bucket?versioning', 'NotImplemented'],
    ['POST', '/bucket/key?uploads', 'NotImplemented'],
    ['POST', '/bucket/key?select&select-type=2', 'NotImplemented'],
    ['PUT', '/bucket/key?partNumber=1&uploadId=1', 'NotImplemented'],
    ['PUT', '/bucket/key', 'NotImplemented', { 'x-amz-copy-source': '/bucket/other' }],
    ['PUT', '/bucket/key', 'NotImplemented', { 'x-amz-acl': 'public-read' }],
    ['PUT', '/bucket/key', 'NotImplemented', { 'x-amz-storage-class': 'GLACIER' }],
    ['PUT', '/bucket/key', 'NotImplemented', { 'x-amz-server-side-encryption': 'AES256' }],
    ['PUT', '/bucket/key', 'NotImplemented', { 'x-amz-tagging': 'a=b' }],
    ['PUT', '/bucket/key', 'NotImplemented', { 'x-amz-something-new': '1' }],
    ['GET', '/bucket/key', 'NotImplemented', { 'x-amz-expected-bucket-owner': '1' }],
    ['GET', '/bucket/key', 'NotImplemented', { 'x-amz-meta-a': '1' }],
  ];
  for (const [method, target, code, headers] of refusals) {
    const shown = `${method} ${target.slice(0, 60)} ${headers === undefined ? '' : JSON.stringify(headers)}`;
    it(`refuses ${shown} with ${code}`, () => expect(refusal(() => parse(method, target, headers))).toBe(code));
  }

  it('accepts headers that ask for what is done anyway', () => {
    const headers = { 'x-amz-acl': 'private', 'x-amz-storage-class': 'STANDARD', 'x-amz-meta-__proto__': 'data' };
    expect(parse('PUT', '/bucket/key', headers).kind).toBe('PutObject');
  });
});
