/**
 * Disk: the only way to files. Paths are absolute or relative to the process; errors carry the codes DISK_FULL (ENOSPC,
 * EDQUOT), DISK_FAILED (EIO and everything unexpected); a missing file is `undefined` or `false` where the signature says so, and
 * DISK_FAILED elsewhere.
 *
 * Durability: bytes are durable after `sync()` of the file; a created, renamed or removed name is durable after
 * `syncDirectory()` of its parent. Nothing else is promised across a power cut, and the in-memory disk drops exactly the rest.
 */
export interface Disk {
  /** Opens for reading and writing; with `create`, makes an empty file when there is none. */
  open(path: string, options?: { create?: boolean }): Promise<DiskFile>;
  exists(path: string): Promise<boolean>;
  /** The whole of a small file, or undefined when there is none. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /** Names in a folder, sorted; an absent folder has none. */
  list(path: string): Promise<string[]>;
  /** Makes the folder and its parents; their names are synced. */
  makeDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; an absent one is no error. */
  remove(path: string): Promise<void>;
  syncDirectory(path: string): Promise<void>;
  /** Size and free bytes of the file system that holds `path`. */
  space(path: string): Promise<{ totalBytes: number; freeBytes: number }>;
}

export interface DiskFile {
  /** @returns How many bytes were read: fewer than `into.length` only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all pieces, one after the other, from `position` on. */
  write(pieces: readonly Uint8Array[], position: number): Promise<void>;
  /** fdatasync. A failed one must never be retried: the kernel may have dropped the dirty pages. */
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  size(): Promise<number>;
  /** Waits for what is running; nothing can be done with the file after. */
  close(): Promise<void>;
}

/** Replaces a small file so that after a power cut it is whole: the old bytes or the new ones. */
export async function writeFileDurably(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const fresh = `${path}.new`;
  await disk.remove(fresh);
  const file = await disk.open(fresh, { create: true });
  try {
    await file.write([bytes], 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(fresh, path);
  await disk.syncDirectory(parentOf(path));
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return '.';
  return slash === 0 ? '/' : path.slice(0, slash);
}
