/** Sizes: a volume is at most 1/100 of a node. */
import { describe, expect, it } from 'vitest';
import { deriveSizes } from './sizes.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

function sizes(options: Partial<Parameters<typeof deriveSizes>[0]>) {
  const base = { nodes: 3, freeBytes: 3000 * GIB, usedBytes: 0, nodeCapacityBytes: undefined, volumeBytes: undefined };
  return deriveSizes({ ...base, ...options });
}

describe('deriveSizes', () => {
  it('gives large nodes the default volume and chunk', () => {
    expect(sizes({})).toEqual({ nodeCapacityBytes: 900 * GIB, volumeBytes: 4 * GIB, chunkBytes: 8 * MIB });
  });

  it('divides what is left of the disk among the nodes', () => {
    expect(sizes({ nodes: 9 }).nodeCapacityBytes).toBe(300 * GIB);
  });

  it('counts what the nodes use already, so that a full cluster keeps its size', () => {
    expect(sizes({ freeBytes: 1000 * GIB, usedBytes: 2000 * GIB }).nodeCapacityBytes).toBe(900 * GIB);
  });

  it('gives small nodes small volumes and chunks that fit them several times', () => {
    expect(sizes({ nodeCapacityBytes: 1 * GIB })).toMatchObject({ volumeBytes: 8 * MIB, chunkBytes: 2 * MIB });
    expect(sizes({ nodeCapacityBytes: 100 * MIB })).toMatchObject({ volumeBytes: 1 * MIB, chunkBytes: 256 * 1024 });
  });

  it('takes a volume size of exactly 1/100', () => {
    expect(sizes({ nodeCapacityBytes: 200 * GIB, volumeBytes: 2 * GIB }).volumeBytes).toBe(2 * GIB);
  });

  it('refuses a larger one and says what fits', () => {
    expect(() => sizes({ nodeCapacityBytes: 100 * GIB, volumeBytes: 4 * GIB })).toThrow(
      /--volume-size.*at most 1024MiB.*--node-capacity/,
    );
  });

  it('refuses a node without room for volumes of the smallest size', () => {
    expect(() => sizes({ nodeCapacityBytes: 99 * MIB })).toThrow(/--node-capacity.*100 MiB/);
    expect(() => sizes({ freeBytes: 100 * MIB })).toThrow(/--node-capacity.*the disk/);
  });
});
