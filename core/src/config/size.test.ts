/** Sizes as people write them. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasCode } from '../errors.ts';
import { formatSize, parseSize } from './size.ts';

describe('a size', () => {
  it.each([
    ['4096', 4096],
    ['512 B', 512],
    ['64KiB', 65_536],
    ['64MiB', 67_108_864],
    ['4GiB', 4_294_967_296],
    ['1.5gib', 1_610_612_736],
    [' 2TiB ', 2_199_023_255_552],
    ['500GB', 500_000_000_000],
  ])('may be written %j', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', '0', '-1', '4G', '4 GiBs', 'GiB', '1e9', '0x10', '1,5GiB', '1.GiB', 'NaN', '9999999TiB', '4__proto__'])(
    'may not be written %j, and the refusal says how',
    (text) => {
      const refuse = () => parseSize(text);
      expect(refuse).toThrow('write for example 64MiB or 4GiB');
      let failure: unknown;
      try {
        refuse();
      } catch (error) {
        failure = error;
      }
      expect(hasCode(failure, 'CONFIG_INVALID')).toBe(true);
    },
  );

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [1024 ** 2 - 1, '1 MiB'],
    [150.4 * 1024 ** 2, '150 MiB'],
    [4 * 1024 ** 3, '4 GiB'],
    [2500 * 1024 ** 4, '2500 TiB'],
  ])('of %d bytes is shown as %j', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  it('that is shown can be read back, within what was rounded off', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 51 }), (bytes) => {
        const back = parseSize(formatSize(bytes));
        expect(Math.abs(back - bytes)).toBeLessThanOrEqual(bytes * 0.05);
      }),
    );
  });
});
