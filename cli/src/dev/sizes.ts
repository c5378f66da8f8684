/** How much a node may use, how large a volume and a chunk are. Pure. */
import { formatSize, LIMITS } from '@cairn/core';
import { UsageError } from '../exit-code.ts';

const MIB = 1024 * 1024;
/** What the nodes together leave free of the disk they share. */
const DISK_SHARE = 0.9;

export interface SizeOptions {
  nodes: number;
  /** Free bytes of the disk, and what the nodes use of it already. */
  freeBytes: number;
  usedBytes: number;
  nodeCapacityBytes: number | undefined;
  volumeBytes: number | undefined;
}

export interface Sizes {
  nodeCapacityBytes: number;
  volumeBytes: number;
  chunkBytes: number;
}

/** @throws UsageError naming the flag that does not fit and what to write. */
export function deriveSizes(options: SizeOptions): Sizes {
  const share = Math.floor(((options.freeBytes + options.usedBytes) * DISK_SHARE) / options.nodes / MIB) * MIB;
  const nodeCapacityBytes = options.nodeCapacityBytes ?? share;
  const volumeBytesMax = Math.floor(nodeCapacityBytes * LIMITS.volumeShareOfNode);
  if (volumeBytesMax < LIMITS.volumeBytesMin) {
    const why = options.nodeCapacityBytes === undefined ? ' is all that the disk has free for each node' : '';
    throw new UsageError(
      `--node-capacity: ${formatSize(nodeCapacityBytes)}${why}; a node needs at least ${formatSize(LIMITS.volumeBytesMin / LIMITS.volumeShareOfNode)}`,
    );
  }
  if (options.volumeBytes !== undefined && options.volumeBytes > volumeBytesMax) {
    throw new UsageError(
      `--volume-size ${formatSize(options.volumeBytes)} is more than 1/100 of a node's capacity (${formatSize(nodeCapacityBytes)}); ` +
        `write at most ${Math.floor(volumeBytesMax / MIB)}MiB, or a larger --node-capacity`,
    );
  }
  const volumeBytes = options.volumeBytes ?? powerOfTwoBelow(Math.min(LIMITS.volumeBytesDefault, volumeBytesMax));
  return { nodeCapacityBytes, volumeBytes, chunkBytes: chunkBytesOf(volumeBytes) };
}

/** Round figures stay the same when the free space of the disk changes a little between two starts. */
function powerOfTwoBelow(bytes: number): number {
  return 2 ** Math.floor(Math.log2(bytes));
}

/** A small volume gets chunks that fit it several times, so that little room is lost at its end. */
function chunkBytesOf(volumeBytes: number): number {
  const quarter = Math.floor(volumeBytes / 4 / LIMITS.blockBytes) * LIMITS.blockBytes;
  return Math.min(LIMITS.chunkBytesDefault, quarter);
}
