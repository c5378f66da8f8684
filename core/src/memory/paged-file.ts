/**
 * One file's bytes as its readers see them and as they lie on the medium. A page is shared by both while it is clean and copied before
 * it is changed, so a sync costs what was written and not the size of the file.
 *
 *   live     0 1 2 3'4'      what reads return
 *   durable  0 1 2 3         what is there after a power cut; 3' and 4' are dirty
 */
import type { SeededRandom } from './random.ts';

const PAGE_BYTES = 4096;
/** What a disk writes whole or not at all. */
const SECTOR_BYTES = 512;
const ZEROS = new Uint8Array(PAGE_BYTES);

export class PagedFile {
  readonly #live = new Map<number, Uint8Array>();
  readonly #durable = new Map<number, Uint8Array>();
  readonly #dirty = new Set<number>();
  #size = 0;
  #durableSize = 0;

  get size(): number {
    return this.#size;
  }

  /** @returns How many bytes were read; fewer than asked at the end of the file. */
  read(into: Uint8Array, position: number): number {
    const end = Math.min(this.#size, position + into.length);
    for (const { page, from, at, length } of pieces(position, end)) {
      into.set((this.#live.get(page) ?? ZEROS).subarray(from, from + length), at);
    }
    return Math.max(0, end - position);
  }

  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length;
    for (const { page, from, at, length } of pieces(position, end)) {
      this.#writable(page).set(bytes.subarray(at, at + length), from);
    }
    if (bytes.length > 0) this.#size = Math.max(this.#size, end);
  }

  truncate(size: number): void {
    const lastPage = Math.floor(size / PAGE_BYTES);
    if (size < this.#size) {
      for (const page of this.#live.keys()) {
        if (page <= lastPage) continue;
        this.#live.delete(page);
        this.#dirty.add(page);
      }
      if (this.#live.has(lastPage)) this.#writable(lastPage).fill(0, size % PAGE_BYTES);
    }
    this.#size = size;
  }

  sync(): void {
    for (const page of this.#dirty) setOrDelete(this.#durable, page, this.#live.get(page));
    this.#dirty.clear();
    this.#durableSize = this.#size;
  }

  /**
   * What Linux does when a sync fails: the dirty pages stay readable and count as clean, so a second sync succeeds without
   * writing them. Only a power cut shows that they are lost.
   */
  failSync(): void {
    this.#dirty.clear();
  }

  /** @param torn Lets a random part of what was not synced survive; without it nothing does. */
  cutPower(torn?: SeededRandom): void {
    if (torn !== undefined) this.#keepSome(torn);
    this.#live.clear();
    for (const [page, bytes] of this.#durable) this.#live.set(page, bytes);
    this.#dirty.clear();
    this.#size = this.#durableSize;
  }

  /** The medium changes by itself. */
  flipBit(offset: number, bit: number): void {
    const page = Math.floor(offset / PAGE_BYTES);
    const layers = offset < this.#durableSize ? [this.#live, this.#durable] : [this.#live];
    for (const layer of layers) {
      const bytes = new Uint8Array(layer.get(page) ?? ZEROS);
      bytes[offset % PAGE_BYTES] = (bytes[offset % PAGE_BYTES] as number) ^ (1 << bit);
      layer.set(page, bytes);
    }
  }

  /** Either the first dirty sectors reach the medium or any of them, and the size by itself: an order nobody asked for by a sync. */
  #keepSome(random: SeededRandom): void {
    const dirty = [...this.#dirty].sort((a, b) => a - b);
    const sectorsPerPage = PAGE_BYTES / SECTOR_BYTES;
    const prefix = random.fraction() < 0.5 ? random.below(dirty.length * sectorsPerPage + 1) : undefined;
    let sector = 0;
    for (const page of dirty) {
      const before = this.#durable.get(page) ?? ZEROS;
      const after = this.#live.get(page) ?? ZEROS;
      const mixed = new Uint8Array(before);
      for (let from = 0; from < PAGE_BYTES; from += SECTOR_BYTES, sector++) {
        const survives = prefix === undefined ? random.fraction() < 0.5 : sector < prefix;
        if (survives) mixed.set(after.subarray(from, from + SECTOR_BYTES), from);
      }
      this.#durable.set(page, mixed);
    }
    const grownBy = this.#size - this.#durableSize;
    const sizes = [this.#durableSize, this.#size, this.#durableSize + Math.floor(grownBy * random.fraction())];
    this.#cutDurable(sizes[random.below(sizes.length)] as number);
  }

  /** Bytes behind the end are never seen again, also when the file grows later. */
  #cutDurable(size: number): void {
    const lastPage = Math.floor(size / PAGE_BYTES);
    for (const page of this.#durable.keys()) if (page > lastPage) this.#durable.delete(page);
    const last = this.#durable.get(lastPage);
    if (last !== undefined) this.#durable.set(lastPage, new Uint8Array(last).fill(0, size % PAGE_BYTES));
    this.#durableSize = size;
  }

  #writable(page: number): Uint8Array {
    const bytes = this.#live.get(page);
    if (bytes !== undefined && this.#dirty.has(page)) return bytes;
    const own = new Uint8Array(bytes ?? ZEROS);
    this.#live.set(page, own);
    this.#dirty.add(page);
    return own;
  }
}

/** [position, end) cut at the borders of pages; `from` counts in the page, `at` in the range. */
function* pieces(position: number, end: number) {
  let at = position;
  while (at < end) {
    const page = Math.floor(at / PAGE_BYTES);
    const from = at % PAGE_BYTES;
    const length = Math.min(end - at, PAGE_BYTES - from);
    yield { page, from, at: at - position, length };
    at += length;
  }
}

function setOrDelete<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
