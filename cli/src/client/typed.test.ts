/** What is typed on the command line, and what keys become on a disk. */
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../exit-code.ts';
import { parseDownload } from './download.ts';
import { keyOf, relativePathOf } from './local-path.ts';
import { folderPrefix, parseBucket, parseObject, parseTarget } from './object-target.ts';
import { parseSources } from './upload.ts';

describe('BUCKET/KEY', () => {
  it('is cut at the first slash; the key keeps every byte', () => {
    expect(parseTarget('photos')).toEqual({ bucket: 'photos', key: '' });
    expect(parseTarget('photos//a/../b')).toEqual({ bucket: 'photos', key: '/a/../b' });
    expect(parseObject('photos/a b%20')).toEqual({ bucket: 'photos', key: 'a b%20' });
  });

  it('is refused when a part is missing or too much', () => {
    expect(() => parseTarget('/key')).toThrow(UsageError);
    expect(() => parseObject('photos')).toThrow(UsageError);
    expect(() => parseObject('photos/')).toThrow(UsageError);
    expect(() => parseBucket('photos/key')).toThrow(UsageError);
  });

  it('names a folder with a slash at its end, a bucket without one', () => {
    expect(['', 'a', 'a/'].map(folderPrefix)).toEqual(['', 'a/', 'a/']);
  });
});

describe('relativePathOf', () => {
  it.each(['a', 'a/b.txt', '..a', 'a..', '...', 'ü/日本'])('keeps %s', (key) => {
    expect(relativePathOf(key)).toBe(path.join(...key.split('/')));
    expect(keyOf(relativePathOf(key) as string)).toBe(key);
  });

  it.each(['', '..', '.', '../etc/passwd', 'a/../../b', '/etc/passwd', 'a//b', 'a/', 'a/./b', 'a\0b'])(
    'refuses %j',
    (key) => {
      expect(relativePathOf(key)).toBeUndefined();
    },
  );
});

describe('put', () => {
  it('takes files and then the target', () => {
    expect(parseSources(['a', 'b', 'photos/in/'], false)).toEqual({
      paths: ['a', 'b'],
      target: { bucket: 'photos', key: 'in/' },
      recursive: false,
    });
  });

  it.each([
    [['a'], false],
    [[], false],
    [['-', 'a', 'photos/k'], false],
    [['-', 'photos'], false],
    [['-', 'photos/in/'], false],
    [['-', 'photos/k'], true],
  ])('refuses %j', (typed, recursive) => {
    expect(() => parseSources(typed, recursive)).toThrow(UsageError);
  });
});

describe('get', () => {
  it('writes to the last part of the key unless told otherwise', () => {
    expect(parseDownload('photos/2026/a.jpg', undefined, false).into).toBe('a.jpg');
    expect(parseDownload('photos/2026/a.jpg', 'b.jpg', false).into).toBe('b.jpg');
  });

  it('wants a name where the key gives none', () => {
    expect(() => parseDownload('photos/..', undefined, false)).toThrow(UsageError);
    expect(() => parseDownload('photos/2026/', undefined, false)).toThrow(UsageError);
    expect(() => parseDownload('photos', undefined, true)).toThrow(UsageError);
  });
});
