/** Between keys and file names. A key may hold anything, so one that would leave the chosen folder becomes no path at all. */
import * as path from 'node:path';

/** The path below a folder for a key's part after its prefix; undefined when it cannot be one safely. */
export function relativePathOf(key: string): string | undefined {
  const segments = key.split('/');
  const isUnsafe = (segment: string) =>
    segment === '' ||
    segment === '.' ||
    segment === '..' ||
    segment.includes('\0') ||
    (path.sep !== '/' && /[\\:]/.test(segment));
  return segments.some(isUnsafe) ? undefined : path.join(...segments);
}

/** The key's part for a file's path below a folder. */
export function keyOf(relativePath: string): string {
  return relativePath.split(path.sep).join('/');
}
