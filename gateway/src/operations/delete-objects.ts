/** DeleteObjects: up to 1,000 keys in one request. Each key is a commit of its own; the leader puts them together into few writes. */
import { LIMITS } from '@cairn/core';
import { toS3Error } from '../errors/from-cairn.ts';
import { S3Error } from '../errors/s3-error.ts';
import { elementsOf, onlyChildren, parseXml, textOf } from '../xml/parse.ts';
import { element, S3_NAMESPACE, XML_HEAD } from '../xml/write.ts';
import type { Call } from './context.ts';
import type { OperationOf } from './operation.ts';
import { xmlBody } from './small-body.ts';

/** Commits of one request on their way at once: enough to fill the leader's batches, too few to fill its queue. */
const AT_ONCE = 128;

interface DeleteList {
  keys: string[];
  quiet: boolean;
}

export async function deleteObjects(call: Call, { bucket }: OperationOf<'DeleteObjects'>): Promise<void> {
  const body = await xmlBody(call);
  if (body === undefined) throw new S3Error('MalformedXML');
  const { keys, quiet } = parseDeleteList(body);
  // Only objects are absent silently: a bucket that is not there is the answer to the whole request.
  await call.client.headBucket(bucket);
  const target = call.client.bucket(bucket);
  const entries = new Array<string>(keys.length);
  let next = 0;
  const work = async () => {
    for (let at = next++; at < keys.length; at = next++) {
      const key = keys[at] as string;
      try {
        demandKey(key);
        await target.delete(key);
        entries[at] = quiet ? '' : `<Deleted>${element('Key', key)}</Deleted>`;
      } catch (error) {
        const { code, message } = toS3Error(error);
        entries[at] = `<Error>${element('Key', key)}${element('Code', code)}${element('Message', message)}</Error>`;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, keys.length) }, work));
  const xml = `${XML_HEAD}<DeleteResult xmlns="${S3_NAMESPACE}">${entries.join('')}</DeleteResult>`;
  call.exchange.answer(200, ['content-type', 'application/xml'], xml);
}

/** @throws MalformedXML, NotImplemented */
function parseDeleteList(body: Uint8Array): DeleteList {
  const list = parseXml(body, 'Delete');
  onlyChildren(list, 'Object', 'Quiet');
  const keys = elementsOf(list, 'Object').map((object) => {
    onlyChildren(object, 'Key');
    const key = textOf(object, 'Key');
    if (key === undefined || key === '') throw new S3Error('MalformedXML');
    return key;
  });
  if (keys.length === 0 || keys.length > LIMITS.deleteObjectsKeysMax) throw new S3Error('MalformedXML');
  return { keys, quiet: textOf(list, 'Quiet')?.trim() === 'true' };
}

function demandKey(key: string): void {
  if (Buffer.byteLength(key) > LIMITS.keyBytesMax) throw new S3Error('KeyTooLongError');
}
