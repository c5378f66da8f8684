import { type CairnError, chunkId, LIMITS, type SessionId, type VolumeId, versionId } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { garbageKey, objectKey, referenceKey } from '../keys.ts';
import { rows } from '../rows.ts';
import { closeSession } from './close-session.ts';
import { bench, NO_PRECONDITION, NOW_MS } from './operations.fixture.ts';

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: CairnError) => error.code,
  );

async function withBucket() {
  const made = await bench();
  await made.commit({ createBucket: { bucket: 'photos' } });
  return made;
}

describe('putObject', () => {
  it('writes the version and one reference for each chunk in one commit', async () => {
    const { put, chunk, store, volume, session, rowsOf } = await withBucket();
    const chunks = [chunk(1, 100), chunk(2, 50)];
    expect(await put({ key: 'a/ü', chunks, etag: 'abc' }, 7)).toEqual({ lastModifiedMs: NOW_MS, existed: false });
    const [value] = await store.getMany([objectKey(1, 'a/ü')]);
    expect(rows.object.decode(value as Uint8Array)).toMatchObject({
      versionSession: session,
      versionCounter: 7,
      bytes: 150,
      etag: 'abc',
      lastModifiedMs: NOW_MS,
      chunks: [
        { volumeId: volume, session, counter: 1, bytes: 100 },
        { volumeId: volume, session, counter: 2, bytes: 50 },
      ],
    });
    const references = await rowsOf('reference');
    const version = versionId(session, 7);
    expect(references.map(({ key }) => key)).toEqual([
      referenceKey(volume, chunkId(session, 1), version),
      referenceKey(volume, chunkId(session, 2), version),
    ]);
    expect(rows.reference.decode(references[0]?.value as Uint8Array)).toEqual({ bucketId: 1, key: 'a/ü' });
  });

  it('takes the references of the version it replaces and queues its chunks as garbage', async () => {
    const { put, chunk, volume, session, rowsOf, state } = await withBucket();
    await put({ key: 'k', chunks: [chunk(1, 100), chunk(2, 50)] }, 7);
    expect((await put({ key: 'k', chunks: [chunk(3, 10)] }, 8)).existed).toBe(true);
    const references = await rowsOf('reference');
    expect(references.map(({ key }) => key)).toEqual([
      referenceKey(volume, chunkId(session, 3), versionId(session, 8)),
    ]);
    const garbage = await rowsOf('garbage');
    expect(garbage.map(({ key }) => key)).toEqual([
      garbageKey(volume, chunkId(session, 1)),
      garbageKey(volume, chunkId(session, 2)),
    ]);
    expect(rows.garbage.decode(garbage[0]?.value as Uint8Array)).toEqual({ bytes: 100, queuedAtMs: NOW_MS });
    expect(state.garbage.bytes).toBe(150);
  });

  it('stays refused when a late copy of a refused commit arrives after the obstacle is gone', async () => {
    const { put, commit, rowsOf } = await bench();
    await commit({ createBucket: { bucket: 'photos' } });
    await put({ key: 'k' });
    const onlyNew = { precondition: { ifMatch: '', ifNoneMatch: '*' } };
    await expect(put({ key: 'k', ...onlyNew }, 50)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    await commit({ deleteObject: { bucket: 'photos', key: 'k', precondition: NO_PRECONDITION } }, 51);
    await expect(put({ key: 'k', ...onlyNew }, 50)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    expect(await rowsOf('object')).toEqual([]);
    await put({ key: 'k', ...onlyNew }, 52);
    expect(await rowsOf('object')).toHaveLength(1);
  });

  it('takes effect once per commit id and answers a repetition with the recorded result', async () => {
    const { put, commit, rowsOf, executor } = await withBucket();
    const first = await put({ key: 'k', etag: 'one' }, 7);
    await put({ key: 'k', etag: 'two' }, 8);
    const commits = executor.counts.commits;
    expect(await put({ key: 'k', etag: 'one' }, 7)).toEqual(first);
    expect(executor.counts.commits).toBe(commits);
    const [object] = await rowsOf('object');
    expect(rows.object.decode(object?.value as Uint8Array).etag).toBe('two');
    const precondition = { ifMatch: 'two', ifNoneMatch: '' };
    await expect(commit({ deleteObject: { bucket: 'photos', key: 'k', precondition } })).resolves.toMatchObject({
      existed: true,
    });
  });

  it('runs two requests with one commit id that wait in the same batch once', async () => {
    const { put, chunk, rowsOf } = await withBucket();
    const chunks = [chunk(1, 5)];
    const both = await Promise.all([put({ key: 'k', chunks }, 9), put({ key: 'k', chunks }, 9)]);
    expect(both[0]).toEqual(both[1]);
    expect(await rowsOf('garbage')).toEqual([]);
    expect(await rowsOf('reference')).toHaveLength(1);
  });

  it('holds If-Match and If-None-Match exactly, also between commits of one batch', async () => {
    const { put } = await withBucket();
    const once = { ifMatch: '', ifNoneMatch: '*' };
    const racers = Array.from({ length: 50 }, (_, at) => codeOf(put({ key: 'k', precondition: once, etag: `e${at}` })));
    const codes = await Promise.all(racers);
    expect(codes.filter((code) => code === 'done')).toHaveLength(1);
    expect(codes.filter((code) => code === 'PRECONDITION_FAILED')).toHaveLength(49);
    const match = (ifMatch: string, ifNoneMatch = '') => ({
      key: 'k',
      etag: 'x',
      precondition: { ifMatch, ifNoneMatch },
    });
    expect(await codeOf(put(match('wrong')))).toBe('PRECONDITION_FAILED');
    expect(await codeOf(put(match('*')))).toBe('done');
    expect(await codeOf(put(match('x')))).toBe('done');
    expect(await codeOf(put(match('', 'x')))).toBe('PRECONDITION_FAILED');
    expect(await codeOf(put(match('', 'y')))).toBe('done');
    expect(await codeOf(put({ ...match('*'), key: 'absent' }))).toBe('PRECONDITION_FAILED');
  });

  it('refuses keys that are empty, too long or not valid UTF-8, and stores every other byte for byte', async () => {
    const { put, rowsOf } = await withBucket();
    for (const key of ['', 'x'.repeat(1025), 'ü'.repeat(513), '\ud800']) {
      expect(await codeOf(put({ key }))).toBe('OBJECT_KEY_INVALID');
    }
    for (const key of ['../../etc/passwd', 'a//b', '.', '%2e', 'ü'.repeat(512), '\0', '__proto__']) {
      expect(await codeOf(put({ key }))).toBe('done');
    }
    expect(await rowsOf('object')).toHaveLength(7);
  });

  it('refuses a manifest that does not add up, is too long or names chunks of another session', async () => {
    const { put, chunk, session } = await withBucket();
    expect(await codeOf(put({ key: 'k', chunks: [chunk(1, 5)], bytes: 6 }))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(put({ key: 'k', chunks: [chunk(1, 0)] }))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(put({ key: 'k', chunks: [chunk(1, LIMITS.chunkBytesMax + 1)] }))).toBe('INVALID_ARGUMENT');
    const tooMany = Array.from({ length: LIMITS.manifestChunksMax + 1 }, (_, at) => chunk(at, 1));
    expect(await codeOf(put({ key: 'k', chunks: tooMany }))).toBe('OBJECT_TOO_LARGE');
    const foreign = { ...chunk(1, 5), chunkId: chunkId((session + 1) as SessionId, 1) };
    expect(await codeOf(put({ key: 'k', chunks: [foreign] }))).toBe('INVALID_ARGUMENT');
    const spelled = { ...chunk(1, 5), chunkId: chunkId(session, 10).toUpperCase() as never };
    expect(await codeOf(put({ key: 'k', chunks: [spelled] }))).toBe('INVALID_ARGUMENT');
    const nowhere = { ...chunk(1, 5), volumeId: 999 as VolumeId };
    expect(await codeOf(put({ key: 'k', chunks: [nowhere] }))).toBe('INVALID_ARGUMENT');
  });

  it('bounds user metadata and headers', async () => {
    const { put } = await withBucket();
    const long = [{ name: 'n', value: 'v'.repeat(LIMITS.userMetadataBytesMax) }];
    expect(await codeOf(put({ key: 'k', userMetadata: long }))).toBe('INVALID_ARGUMENT');
    const headers = [{ name: 'cache-control', value: 'v'.repeat(LIMITS.attributesBytesMax) }];
    expect(await codeOf(put({ key: 'k', headers }))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(put({ key: 'k', etag: '' }))).toBe('INVALID_ARGUMENT');
  });

  it('refuses what a closed session sends, and changes nothing', async () => {
    const { put, executor, session, rowsOf } = await withBucket();
    expect(await executor.submit(closeSession(session))).toBe(true);
    expect(await codeOf(put({ key: 'k' }))).toBe('SESSION_NOT_FOUND');
    expect(await executor.submit(closeSession(session))).toBe(false);
    expect(await rowsOf('object')).toEqual([]);
  });

  it('refuses an unknown bucket, and a commit that holds no operation or two', async () => {
    const { put, commit } = await withBucket();
    expect(await codeOf(put({ key: 'k', bucket: 'nope' }))).toBe('BUCKET_NOT_FOUND');
    expect(await codeOf(commit({}))).toBe('INVALID_ARGUMENT');
    const two = { createBucket: { bucket: 'aaa' }, deleteBucket: { bucket: 'aaa' } };
    expect(await codeOf(commit(two))).toBe('INVALID_ARGUMENT');
    const foreign = { commitId: versionId(99 as SessionId, 1), createBucket: { bucket: 'aaa' } };
    expect(await codeOf(commit(foreign))).toBe('INVALID_ARGUMENT');
  });
});

describe('deleteObject', () => {
  it('removes the object, its references, and queues its chunks', async () => {
    const { put, commit, chunk, rowsOf } = await withBucket();
    await put({ key: 'k', chunks: [chunk(1, 100)] }, 7);
    const request = { deleteObject: { bucket: 'photos', key: 'k', precondition: NO_PRECONDITION } };
    expect(await commit(request, 8)).toEqual({ lastModifiedMs: NOW_MS, existed: true });
    expect(await rowsOf('object')).toEqual([]);
    expect(await rowsOf('reference')).toEqual([]);
    expect(await rowsOf('garbage')).toHaveLength(1);
    expect(await commit(request, 9)).toMatchObject({ existed: false });
    expect(await commit(request, 8)).toMatchObject({ existed: true });
  });

  it('holds If-Match', async () => {
    const { put, commit } = await withBucket();
    await put({ key: 'k', etag: 'e' });
    const remove = (ifMatch: string) =>
      codeOf(commit({ deleteObject: { bucket: 'photos', key: 'k', precondition: { ifMatch, ifNoneMatch: '' } } }));
    expect(await remove('other')).toBe('PRECONDITION_FAILED');
    expect(await remove('e')).toBe('done');
    expect(await remove('*')).toBe('PRECONDITION_FAILED');
  });
});
