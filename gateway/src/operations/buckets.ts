/** Buckets: list, create, head, delete, location. */
import { S3Error } from '../errors/s3-error.ts';
import { onlyChildren, parseXml, textOf } from '../xml/parse.ts';
import { element, S3_NAMESPACE, XML_HEAD, xmlTime } from '../xml/write.ts';
import type { Call } from './context.ts';
import type { OperationOf } from './operation.ts';
import { OWNER } from './owner.ts';
import { demandNoBody, xmlBody } from './small-body.ts';

/** S3's name for the region whose location constraint is empty. */
const REGION_WITHOUT_NAME = 'us-east-1';
const XML = ['content-type', 'application/xml'];

export async function listBuckets(call: Call): Promise<void> {
  demandNoBody(call);
  const buckets = await call.client.listBuckets();
  let entries = '';
  for (const { name, createdMs } of buckets) {
    entries += `<Bucket>${element('Name', name)}<CreationDate>${xmlTime(createdMs)}</CreationDate></Bucket>`;
  }
  const result = `${OWNER}<Buckets>${entries}</Buckets>`;
  const xml = `${XML_HEAD}<ListAllMyBucketsResult xmlns="${S3_NAMESPACE}">${result}</ListAllMyBucketsResult>`;
  call.exchange.answer(200, [...XML], xml);
}

export async function createBucket(call: Call, { bucket }: OperationOf<'CreateBucket'>): Promise<void> {
  const body = await xmlBody(call);
  if (body !== undefined && body.length > 0) demandLocation(body, call.region);
  await call.client.createBucket(bucket);
  call.exchange.answer(200, ['location', `/${bucket}`]);
}

function demandLocation(body: Uint8Array, region: string): void {
  const configuration = parseXml(body, 'CreateBucketConfiguration');
  onlyChildren(configuration, 'LocationConstraint');
  const location = textOf(configuration, 'LocationConstraint') ?? '';
  if (location !== '' && location !== region) {
    const detail = `The location constraint ${location} is not the region of this endpoint, ${region}.`;
    throw new S3Error('IllegalLocationConstraintException', detail);
  }
}

export async function headBucket(call: Call, { bucket }: OperationOf<'HeadBucket'>): Promise<void> {
  demandNoBody(call);
  await call.client.headBucket(bucket);
  call.exchange.answer(200, ['x-amz-bucket-region', call.region]);
}

export async function deleteBucket(call: Call, { bucket }: OperationOf<'DeleteBucket'>): Promise<void> {
  demandNoBody(call);
  await call.client.deleteBucket(bucket);
  call.exchange.answer(204, []);
}

/** Versioning was never switched on: S3 says so with an empty document, and clients that ask before they delete rely on it. */
export async function getBucketVersioning(call: Call, { bucket }: OperationOf<'GetBucketVersioning'>): Promise<void> {
  demandNoBody(call);
  await call.client.headBucket(bucket);
  call.exchange.answer(200, [...XML], `${XML_HEAD}<VersioningConfiguration xmlns="${S3_NAMESPACE}"/>`);
}

export async function getBucketLocation(call: Call, { bucket }: OperationOf<'GetBucketLocation'>): Promise<void> {
  demandNoBody(call);
  await call.client.headBucket(bucket);
  const region = call.region === REGION_WITHOUT_NAME ? '' : call.region;
  const xml = `${XML_HEAD}<LocationConstraint xmlns="${S3_NAMESPACE}">${region}</LocationConstraint>`;
  call.exchange.answer(200, [...XML], xml);
}
