/** The machine's disk. `node:fs` calls with plain descriptors, which cost less than FileHandle objects on the hot path. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { CairnError } from '../errors.ts';
import type { Disk, DiskFile } from '../ports/disk.ts';

const open = promisify(fs.open);
const close = promisify(fs.close);
const fstat = promisify(fs.fstat);
const ftruncate = promisify(fs.ftruncate);
const fdatasync = promisify(fs.fdatasync);
const fsync = promisify(fs.fsync);

function systemCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

function diskError(error: unknown): CairnError {
  const code = systemCode(error);
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new CairnError(full ? 'DISK_FULL' : 'DISK_FAILED', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}

async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw diskError(error);
  }
}

/**
 * The kernel gives a closed descriptor's number to the next file that is opened, so an operation that came late would hit another file.
 * Hence nothing starts after `close`, and `close` waits for what has started.
 */
class RealFile implements DiskFile {
  readonly #descriptor: number;
  #running = 0;
  #onIdle: (() => void) | undefined;
  #closed = false;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return this.#use((descriptor) => readFully(descriptor, into, position));
  }

  write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    return this.#use((descriptor) => writeFully(descriptor, pieces, position));
  }

  sync(): Promise<void> {
    return this.#use((descriptor) => translated(fdatasync(descriptor)));
  }

  truncate(bytes: number): Promise<void> {
    return this.#use((descriptor) => translated(ftruncate(descriptor, bytes)));
  }

  size(): Promise<number> {
    return this.#use(async (descriptor) => (await translated(fstat(descriptor))).size);
  }

  async close(): Promise<void> {
    this.#demandOpen();
    this.#closed = true;
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    await translated(close(this.#descriptor));
  }

  async #use<T>(operation: (descriptor: number) => Promise<T>): Promise<T> {
    this.#demandOpen();
    this.#running += 1;
    try {
      return await operation(this.#descriptor);
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#onIdle?.();
    }
  }

  #demandOpen(): void {
    if (this.#closed) throw new CairnError('DISK_FAILED', 'the file is closed');
  }
}

function readFully(descriptor: number, into: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const more = (done: number) => {
      fs.read(descriptor, into, done, into.length - done, position + done, (error, count) => {
        if (error) return reject(diskError(error));
        if (count === 0 || done + count === into.length) return resolve(done + count);
        more(done + count);
      });
    };
    more(0);
  });
}

function writeFully(descriptor: number, pieces: readonly Uint8Array[], position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const more = (rest: readonly Uint8Array[], at: number) => {
      if (rest.length === 0) return resolve();
      fs.writev(descriptor, rest, at, (error, count) => {
        if (error) return reject(diskError(error));
        if (count === 0) return reject(new CairnError('DISK_FAILED', 'the disk took nothing of a write'));
        more(withoutFirst(rest, count), at + count);
      });
    };
    more(withoutFirst(pieces, 0), position);
  });
}

/** What is left of the pieces after `count` bytes of them; empty pieces are left out. */
function withoutFirst(pieces: readonly Uint8Array[], count: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = count;
  for (const piece of pieces) {
    if (skip >= piece.length) skip -= piece.length;
    else {
      rest.push(skip > 0 ? piece.subarray(skip) : piece);
      skip = 0;
    }
  }
  return rest;
}

async function syncDirectory(folder: string): Promise<void> {
  const descriptor = await translated(open(folder, 'r'));
  try {
    await translated(fsync(descriptor));
  } finally {
    await translated(close(descriptor));
  }
}

export const realDisk: Disk = {
  async open(file, options) {
    const flags = fs.constants.O_RDWR | (options?.create ? fs.constants.O_CREAT : 0);
    return new RealFile(await translated(open(file, flags, 0o600)));
  },

  async exists(file) {
    try {
      await fs.promises.access(file);
      return true;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw diskError(error);
    }
  },

  async readFile(file) {
    try {
      return await fs.promises.readFile(file);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw diskError(error);
    }
  },

  async list(folder) {
    try {
      return (await fs.promises.readdir(folder)).sort();
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw diskError(error);
    }
  },

  async makeDirectory(folder) {
    const target = path.resolve(folder);
    const first = await translated(fs.promises.mkdir(target, { recursive: true, mode: 0o700 }));
    if (first === undefined) return;
    // Every new name from the first created folder down lies in a parent that must be synced.
    const top = path.dirname(first);
    for (let at = path.dirname(target); at.length >= top.length; at = path.dirname(at)) {
      await syncDirectory(at);
      if (at === path.dirname(at)) return;
    }
  },

  rename: (from, to) => translated(fs.promises.rename(from, to)),
  remove: (file) => translated(fs.promises.rm(file, { force: true })),
  syncDirectory,

  async space(folder) {
    const stat = await translated(fs.promises.statfs(folder));
    return { totalBytes: stat.blocks * stat.bsize, freeBytes: stat.bavail * stat.bsize };
  },
};
