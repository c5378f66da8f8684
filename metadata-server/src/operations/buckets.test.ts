import type { CairnError } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { bucketNameProblem } from './bucket-name.ts';
import { bench, NO_PRECONDITION, NOW_MS } from './operations.fixture.ts';

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: CairnError) => error.code,
  );

describe('bucketNameProblem', () => {
  it.each(['abc', 'a-b.c', '0'.repeat(63), 'my.bucket-1'])('accepts %s', (name) => {
    expect(bucketNameProblem(name)).toBeUndefined();
  });

  it.each([
    '',
    'ab',
    'A_b',
    '10.0.0.1',
    'a'.repeat(64),
    '-abc',
    'abc-',
    '.abc',
    'a..b',
    'xn--abc',
    'abc-s3alias',
    'a b',
    'büc',
  ])('refuses %s', (name) => {
    expect(bucketNameProblem(name)).toMatch(/bucket name/);
  });
});

describe('buckets', () => {
  it('are created once, listed in order and deleted', async () => {
    const { commit, state } = await bench();
    const create = (bucket: string) => codeOf(commit({ createBucket: { bucket } }));
    expect(await create('zebra')).toBe('done');
    expect(await create('apple')).toBe('done');
    expect(await create('apple')).toBe('BUCKET_ALREADY_EXISTS');
    expect(await create('A')).toBe('BUCKET_NAME_INVALID');
    expect(state.buckets.list()).toEqual([
      { name: 'apple', createdMs: NOW_MS },
      { name: 'zebra', createdMs: NOW_MS },
    ]);
    expect(await codeOf(commit({ deleteBucket: { bucket: 'apple' } }))).toBe('done');
    expect(await codeOf(commit({ deleteBucket: { bucket: 'apple' } }))).toBe('BUCKET_NOT_FOUND');
    expect(state.buckets.find('apple')).toBeUndefined();
  });

  it('never get the id of an earlier bucket of the same name', async () => {
    const { commit, state } = await bench();
    await commit({ createBucket: { bucket: 'photos' } });
    const before = state.buckets.get('photos').id;
    await commit({ deleteBucket: { bucket: 'photos' } });
    await commit({ createBucket: { bucket: 'photos' } });
    expect(state.buckets.get('photos').id).toBeGreaterThan(before);
  });

  it('are deleted only when empty, judged in the order of the commits of one batch', async () => {
    const { commit, put } = await bench();
    await commit({ createBucket: { bucket: 'photos' } });
    const drop = () => codeOf(commit({ deleteBucket: { bucket: 'photos' } }));
    const remove = (key: string) =>
      codeOf(commit({ deleteObject: { bucket: 'photos', key, precondition: NO_PRECONDITION } }));
    const together = [codeOf(put({ key: 'a' })), drop(), remove('a'), drop(), codeOf(put({ key: 'b' }))];
    expect(await Promise.all(together)).toEqual(['done', 'BUCKET_NOT_EMPTY', 'done', 'done', 'BUCKET_NOT_FOUND']);
  });

  it('are seen as empty when the same batch removes more objects than one look shows', async () => {
    const { commit, put } = await bench();
    await commit({ createBucket: { bucket: 'photos' } });
    const keys = Array.from({ length: 100 }, (_, at) => `k${at}`);
    await Promise.all(keys.map((key) => put({ key })));
    const removals = keys.map((key) =>
      codeOf(commit({ deleteObject: { bucket: 'photos', key, precondition: NO_PRECONDITION } })),
    );
    const dropped = codeOf(commit({ deleteBucket: { bucket: 'photos' } }));
    expect(new Set(await Promise.all(removals))).toEqual(new Set(['done']));
    expect(await dropped).toBe('done');
  });
});
