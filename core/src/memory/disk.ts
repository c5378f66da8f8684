/**
 * A disk in memory that keeps exactly what the port promises and loses the rest when the power goes. Each operation takes effect when
 * it is called, as one step. Faults come when a test asks for them, and chance from a seed.
 */
import { CairnError } from '../errors.ts';
import { invariant } from '../invariant.ts';
import type { Disk, DiskFile } from '../ports/disk.ts';
import { Folder, FolderTree } from './folder-tree.ts';
import { PagedFile } from './paged-file.ts';
import { SeededRandom } from './random.ts';

export interface MemoryDiskOptions {
  random?: SeededRandom;
  capacityBytes?: number;
}

export interface PowerCutOptions {
  /** A random part of what was not synced survives, instead of nothing. */
  torn?: boolean;
}

/** One path, `*` for every path, undefined for none. */
type Paths = string | undefined;

export class MemoryDisk implements Disk {
  /** May be changed at any time, as a volume of a cloud may. */
  capacityBytes: number;
  readonly #random: SeededRandom;
  #tree = new FolderTree();
  #boots = 0;
  #off: string | undefined;
  #changes = 0;
  #cut: (PowerCutOptions & { atChange: number }) | undefined;
  #writes = 0;
  #tearAtWrite = 0;
  #failingReads: Paths;
  #failingWrites: Paths;
  #failingSync: Paths;

  constructor({ random = new SeededRandom('disk'), capacityBytes = 2 ** 40 }: MemoryDiskOptions = {}) {
    this.#random = random;
    this.capacityBytes = capacityBytes;
  }

  // ---- faults ----

  /** Drops what was not synced. Files that are open are dead; the disk goes on. */
  powerCut({ torn = false }: PowerCutOptions = {}): void {
    this.#boots += 1;
    this.#tree.cutPower(torn ? this.#random : undefined);
  }

  /**
   * Cuts the power at the n-th change from now on (1 is the next), in the middle of it; a change is a create, write, truncate, rename, remove or
   * sync. From then on everything fails until `powerOn`. Going through n = 1, 2, ... goes through every state a crash can leave.
   */
  powerCutAtChange(nth: number, options: PowerCutOptions = {}): void {
    this.#cut = { ...options, atChange: this.#changes + nth };
  }

  /** Whether a cut has happened and the power is still off. */
  get isOff(): boolean {
    return this.#off !== undefined;
  }

  powerOn(): void {
    this.#off = undefined;
    this.#cut = undefined;
  }

  /** How many changes were made so far. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * The process that used this disk was killed: nothing that still runs of it reaches the files any more. What it wrote is not lost, synced
   * or not.
   * @returns The same files for the process that comes after.
   */
  handOver(): MemoryDisk {
    const next = new MemoryDisk({ random: this.#random, capacityBytes: this.capacityBytes });
    next.#tree = this.#tree;
    this.#off = 'the process was killed';
    return next;
  }

  /** Changes one bit on the medium. */
  flipBit(path: string, byteOffset: number, bit = 0): void {
    const node = this.#tree.find(path);
    invariant(node instanceof PagedFile && byteOffset < node.size, `${path} has a byte at ${byteOffset}`);
    node.flipBit(byteOffset, bit);
  }

  /** Fails the next sync of the path, or of any, once: what it should have made durable never will be. */
  failNextSync(path = '*'): void {
    this.#failingSync = path;
  }

  failReads(path = '*'): void {
    this.#failingReads = path;
  }

  failWrites(path = '*'): void {
    this.#failingWrites = path;
  }

  /** The n-th write from now on (1 is the next) stops somewhere in its middle and fails. */
  tearNthWrite(nth: number): void {
    this.#tearAtWrite = this.#writes + nth;
  }

  /** Reads, writes and syncs work again. */
  heal(): void {
    this.#failingReads = undefined;
    this.#failingWrites = undefined;
    this.#failingSync = undefined;
    this.#tearAtWrite = 0;
  }

  // ---- Disk ----

  async open(path: string, options?: { create?: boolean }): Promise<DiskFile> {
    this.#demandPower();
    const known = this.#tree.find(path);
    if (known instanceof PagedFile) return this.#handle(path, known);
    if (known !== undefined) throw failed(`${path} is a folder`);
    if (!options?.create) throw failed(`${path} does not exist`);
    return this.#handle(
      path,
      this.#change(() => this.#tree.createFile(path)),
    );
  }

  async exists(path: string): Promise<boolean> {
    this.#demandPower();
    return this.#tree.find(path) !== undefined;
  }

  async readFile(path: string): Promise<Uint8Array | undefined> {
    this.#demandPower();
    const node = this.#tree.find(path);
    if (node === undefined) return undefined;
    if (node instanceof Folder) throw failed(`${path} is a folder`);
    this.#demandReadable(path);
    const bytes = new Uint8Array(node.size);
    node.read(bytes, 0);
    return bytes;
  }

  async list(path: string): Promise<string[]> {
    this.#demandPower();
    return this.#tree.find(path) === undefined ? [] : [...this.#tree.folder(path).live.keys()].sort();
  }

  async makeDirectory(path: string): Promise<void> {
    this.#change(() => this.#tree.makeFolder(path));
  }

  async rename(from: string, to: string): Promise<void> {
    this.#change(() => this.#tree.rename(from, to));
  }

  async remove(path: string): Promise<void> {
    this.#change(() => this.#tree.remove(path));
  }

  async syncDirectory(path: string): Promise<void> {
    this.#demandPower();
    const folder = this.#tree.folder(path);
    this.#countChange();
    if (this.#takeSyncFault(path)) throw failed(`fsync of ${path}: EIO`);
    this.#tree.sync(folder);
  }

  async space(path: string): Promise<{ totalBytes: number; freeBytes: number }> {
    this.#demandPower();
    if (this.#tree.find(path) === undefined) throw failed(`${path} does not exist`);
    return { totalBytes: this.capacityBytes, freeBytes: this.#freeBytes() };
  }

  // ---- files ----

  #handle(path: string, file: PagedFile): DiskFile {
    const boot = this.#boots;
    let open = true;
    const demandUsable = () => {
      this.#demandPower();
      if (!open || boot !== this.#boots) throw failed(`${path} is not open`);
    };
    return {
      read: async (into, position) => {
        demandUsable();
        this.#demandReadable(path);
        return file.read(into, position);
      },
      write: async (pieces, position) => {
        demandUsable();
        this.#demandWritable(path);
        this.#change(() => this.#write(file, Buffer.concat(pieces), position));
      },
      sync: async () => {
        demandUsable();
        this.#countChange();
        if (this.#takeSyncFault(path)) {
          file.failSync();
          throw failed(`fdatasync of ${path}: EIO`);
        }
        file.sync();
      },
      truncate: async (bytes) => {
        demandUsable();
        this.#demandWritable(path);
        this.#change(() => file.truncate(bytes));
      },
      size: async () => {
        demandUsable();
        return file.size;
      },
      close: async () => {
        demandUsable();
        open = false;
      },
    };
  }

  #write(file: PagedFile, bytes: Uint8Array, position: number): void {
    this.#writes += 1;
    if (this.#writes === this.#tearAtWrite) {
      file.write(bytes.subarray(0, this.#random.below(bytes.length)), position);
      throw failed('write: EIO after a part');
    }
    const growth = position + bytes.length - file.size;
    const missing = growth > 0 ? Math.max(0, growth - this.#freeBytes()) : 0;
    file.write(bytes.subarray(0, Math.max(0, bytes.length - missing)), position);
    if (missing > 0) throw new CairnError('DISK_FULL');
  }

  #freeBytes(): number {
    return Math.max(0, this.capacityBytes - this.#tree.usedBytes);
  }

  #change<T>(change: () => T): T {
    this.#demandPower();
    const result = change();
    this.#countChange();
    return result;
  }

  #countChange(): void {
    this.#changes += 1;
    if (this.#changes !== this.#cut?.atChange) return;
    this.powerCut(this.#cut);
    this.#off = 'the power is off';
    this.#demandPower();
  }

  #demandPower(): void {
    if (this.#off !== undefined) throw failed(this.#off);
  }

  #demandReadable(path: string): void {
    if (covers(this.#failingReads, path)) throw failed(`read of ${path}: EIO`);
  }

  #demandWritable(path: string): void {
    if (covers(this.#failingWrites, path)) throw failed(`write of ${path}: EIO`);
  }

  #takeSyncFault(path: string): boolean {
    const fails = covers(this.#failingSync, path);
    if (fails) this.#failingSync = undefined;
    return fails;
  }
}

function covers(paths: Paths, path: string): boolean {
  return paths === '*' || paths === path;
}

function failed(what: string): CairnError {
  return new CairnError('DISK_FAILED', what);
}
