/**
 * One simulated process: a clock and a disk of its own that die with it. A killed process runs on in memory until it next waits for
 * something, but nothing it does is seen: its timers never fire, its files and its connections fail.
 */
import { type Clock, type Disk, type DiskFile, type Random, sleep, type Timer } from '@cairn/core';
import type { MemoryDisk, VirtualClock } from '@cairn/core/testing';

/** The same time for all, a wall clock that may be wrong, and timers that end with the process. */
export class ProcessClock implements Clock {
  readonly #time: VirtualClock;
  readonly #skewMs: () => number;
  #isDead = false;
  #pausedUntilMs = 0;

  /** @param skewMs How far the wall clock of its machine is ahead at the moment. */
  constructor(time: VirtualClock, skewMs: () => number) {
    this.#time = time;
    this.#skewMs = skewMs;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  kill(): void {
    this.#isDead = true;
  }

  /** As SIGSTOP does, and SIGCONT after the time: what became due meanwhile happens then. */
  pause(ms: number): void {
    this.#pausedUntilMs = this.monotonic() + ms;
  }

  now(): number {
    return this.#time.now() + this.#skewMs();
  }

  monotonic(): number {
    return this.#time.monotonic();
  }

  schedule(delayMs: number, action: () => void, options?: { background?: boolean }): Timer {
    const act = () => {
      if (this.#isDead) return;
      const pausedMs = this.#pausedUntilMs - this.monotonic();
      if (pausedMs > 0) timer = this.#time.schedule(pausedMs, act, options);
      else action();
    };
    let timer = this.#time.schedule(delayMs, act, options);
    return { cancel: () => timer.cancel() };
  }
}

export interface SlowDiskOptions {
  clock: Clock;
  random: Random;
  delays: DiskDelays;
  /** The disk says that it has synced volumes and has not: what no system survives, to see that an auditor notices. */
  lies: boolean;
}

export interface DiskDelays {
  /** A write and a sync take a time drawn from [least, most]. */
  writeMs: readonly [number, number];
  syncMs: readonly [number, number];
}

/**
 * A disk that takes its time: only so can a process die between a write and its sync. A write takes effect at the end of its delay, a
 * sync in the middle of it.
 */
export function slowDisk(disk: MemoryDisk, { clock, random, delays, lies }: SlowDiskOptions): Disk {
  const pause = ([least, most]: readonly [number, number]) => sleep(clock, least + random.fraction() * (most - least));
  const slow = (path: string, file: DiskFile): DiskFile => ({
    read: (into, position) => file.read(into, position),
    async write(pieces, position) {
      await pause(delays.writeMs);
      await file.write(pieces, position);
    },
    async sync() {
      await pause(delays.syncMs);
      if (!lies || !path.endsWith('.vol')) await file.sync();
      // What is written from here on was not covered, though the caller still waits.
      await pause(delays.syncMs);
    },
    truncate: (bytes) => file.truncate(bytes),
    size: () => file.size(),
    close: () => file.close(),
  });
  return {
    open: async (path, create) => slow(path, await disk.open(path, create)),
    exists: (path) => disk.exists(path),
    readFile: (path) => disk.readFile(path),
    list: (path) => disk.list(path),
    makeDirectory: (path) => disk.makeDirectory(path),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    async syncDirectory(path) {
      await pause(delays.syncMs);
      await disk.syncDirectory(path);
    },
    space: (path) => disk.space(path),
  };
}
