/** Parses an authenticated request to one operation of the closed union, or refuses it. */
import { LIMITS } from '@cairn/core';
import { S3Error } from '../errors/s3-error.ts';
import { utf8Bytes } from '../http/percent.ts';
import type { S3Request } from '../http/request.ts';
import { demandAcceptedHeaders } from './accepted-headers.ts';
import { parseRange } from './byte-range.ts';
import type { ListingOptions, Operation, ResponseOverrides } from './operation.ts';
import { Query } from './query.ts';
import { type Resource, resourceOf } from './resource.ts';

const OVERRIDES: Readonly<Record<string, string>> = {
  'response-cache-control': 'cache-control',
  'response-content-disposition': 'content-disposition',
  'response-content-encoding': 'content-encoding',
  'response-content-language': 'content-language',
  'response-content-type': 'content-type',
  'response-expires': 'expires',
};

/** @throws NotImplemented, MethodNotAllowed, InvalidArgument, InvalidURI, InvalidBucketName, KeyTooLongError */
export function parseOperation(request: S3Request, domain: string | undefined): Operation {
  const resource = resourceOf(request, domain);
  const query = new Query(request.rawQuery);
  const operation = operationOf({ request, ...resource, query });
  query.demandEmpty();
  demandAcceptedHeaders(operation.kind, request.headers);
  return operation;
}

interface Parts extends Resource {
  request: S3Request;
  query: Query;
}

function operationOf(parts: Parts): Operation {
  const { request, bucket, key } = parts;
  if (key !== '') return objectOperation(parts);
  if (bucket !== '') return bucketOperation(parts);
  if (request.method === 'GET') return { kind: 'ListBuckets' };
  throw refused(request.method);
}

function bucketOperation({ request, bucket, query }: Parts): Operation {
  switch (request.method) {
    case 'GET':
      if (query.take('location') !== undefined) return { kind: 'GetBucketLocation', bucket };
      if (query.take('versioning') !== undefined) return { kind: 'GetBucketVersioning', bucket };
      return listing(bucket, query);
    case 'HEAD':
      return { kind: 'HeadBucket', bucket };
    case 'PUT':
      return { kind: 'CreateBucket', bucket };
    case 'DELETE':
      return { kind: 'DeleteBucket', bucket };
    case 'POST':
      if (query.take('delete') !== undefined) return { kind: 'DeleteObjects', bucket };
      query.demandEmpty();
      throw new S3Error('NotImplemented', 'Uploads by form are not supported.');
    default:
      throw refused(request.method);
  }
}

function objectOperation({ request, bucket, key, query }: Parts): Operation {
  switch (request.method) {
    case 'GET':
    case 'HEAD': {
      const kind = request.method === 'GET' ? 'GetObject' : 'HeadObject';
      return { kind, bucket, key, range: parseRange(request.headers['range']), overrides: overridesIn(query) };
    }
    case 'PUT':
      return { kind: 'PutObject', bucket, key };
    case 'DELETE':
      return { kind: 'DeleteObject', bucket, key };
    case 'POST':
      query.demandEmpty();
      throw new S3Error('MethodNotAllowed');
    default:
      throw refused(request.method);
  }
}

function refused(method: string): S3Error {
  const isHttp = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'].includes(method);
  return isHttp
    ? new S3Error('MethodNotAllowed')
    : new S3Error('NotImplemented', `The method ${method} is not supported.`);
}

function listing(bucket: string, query: Query): Operation {
  const type = query.take('list-type');
  if (type !== undefined && type !== '2') throw new S3Error('InvalidArgument', 'list-type must be 2.');
  const encoding = query.take('encoding-type');
  if (encoding !== undefined && encoding !== 'url') {
    throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request');
  }
  const options: ListingOptions = {
    prefix: query.take('prefix') ?? '',
    delimiter: query.take('delimiter') ?? '',
    maxKeys: maxKeys(query.take('max-keys')),
    encodeNames: encoding === 'url',
  };
  if (type === undefined) return { kind: 'ListObjects', bucket, marker: query.take('marker') ?? '', ...options };
  const startAfter = query.take('start-after') ?? '';
  const continuationToken = query.take('continuation-token');
  const fetchOwner = query.take('fetch-owner') === 'true';
  return { kind: 'ListObjectsV2', bucket, startAfter, continuationToken, fetchOwner, ...options };
}

function maxKeys(text: string | undefined): number {
  if (text === undefined || text === '') return LIMITS.listEntriesMax;
  if (!/^\d{1,10}$/.test(text) || Number(text) > 0x7fff_ffff) {
    const elements = { ArgumentName: 'max-keys', ArgumentValue: text };
    throw new S3Error('InvalidArgument', 'max-keys must be an integer between 0 and 2147483647', { elements });
  }
  return Math.min(Number(text), LIMITS.listEntriesMax);
}

/** Node refuses to send a header with any but the tab. */
function hasControlCharacter(value: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return true;
  }
  return false;
}

function overridesIn(query: Query): ResponseOverrides {
  const overrides: [string, string][] = [];
  for (const [parameter, header] of Object.entries(OVERRIDES)) {
    const value = query.take(parameter);
    if (value === undefined) continue;
    if (hasControlCharacter(value)) throw new S3Error('InvalidArgument', `${parameter} is not a header's value.`);
    overrides.push([header, utf8Bytes(value)]);
  }
  return overrides;
}
