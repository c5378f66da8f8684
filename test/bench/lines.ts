/** The benchmark set of DESIGN.md section 12: each line says what is done, by how many connections, and what the goal is. */

export interface Line {
  name: string;
  connections: number;
  /** Bytes of one object. */
  bytes: number;
  unit: '/s' | 'MB/s';
  /** With three fsynced copies, at MD5 = 560 MB/s. */
  goal: number;
  /** Part of `--quick`. */
  quick: boolean;
  kind: 'put' | 'get' | 'head' | 'list' | 'range' | 'mixed' | 'delete';
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const LINES: Line[] = [
  { name: 'PUT 4 KiB', connections: 64, bytes: 4 * KIB, unit: '/s', goal: 8000, quick: true, kind: 'put' },
  { name: 'GET 4 KiB', connections: 64, bytes: 4 * KIB, unit: '/s', goal: 10_000, quick: true, kind: 'get' },
  { name: 'HEAD', connections: 64, bytes: 4 * KIB, unit: '/s', goal: 12_000, quick: true, kind: 'head' },
  { name: 'LIST 1,000 keys', connections: 16, bytes: 0, unit: '/s', goal: 200_000, quick: false, kind: 'list' },
  { name: 'DeleteObjects 100', connections: 16, bytes: 0, unit: '/s', goal: 20_000, quick: false, kind: 'delete' },
  { name: 'PUT 1 MiB', connections: 16, bytes: MIB, unit: 'MB/s', goal: 120, quick: false, kind: 'put' },
  { name: 'GET 1 MiB', connections: 16, bytes: MIB, unit: 'MB/s', goal: 900, quick: false, kind: 'get' },
  { name: 'PUT 64 MiB', connections: 4, bytes: 64 * MIB, unit: 'MB/s', goal: 150, quick: true, kind: 'put' },
  { name: 'GET 64 MiB', connections: 4, bytes: 64 * MIB, unit: 'MB/s', goal: 900, quick: true, kind: 'get' },
  {
    name: 'Range 64 KiB of 64 MiB',
    connections: 16,
    bytes: 64 * MIB,
    unit: '/s',
    goal: 4000,
    quick: false,
    kind: 'range',
  },
  { name: 'mixed 256 KiB', connections: 16, bytes: 256 * KIB, unit: '/s', goal: 1200, quick: false, kind: 'mixed' },
];
