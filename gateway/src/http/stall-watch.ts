/**
 * Ends requests whose client hardly sends or hardly takes: below 1 KiB/s over 30 s while the gateway waits for nobody but it.
 * Without this, a few idle sockets could hold memory and sessions for ever.
 */
import type { Clock, Timer } from '@cairn/core';

export const STALL = { windowMs: 30_000, bytesPerSecondMin: 1024, lookEveryMs: 5_000 } as const;

/** A transfer that may stall. */
export interface Watched {
  /** Whether the client is what is waited for. */
  readonly waiting: boolean;
  /** Bytes that moved so far. */
  readonly movedBytes: number;
  /** The client is too slow: end it. */
  stalled(): void;
}

interface Window {
  startMs: number;
  startBytes: number;
}

export class StallWatch {
  readonly #clock: Clock;
  readonly #windows = new Map<Watched, Window>();
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns The function that ends the watch. */
  watch(transfer: Watched): () => void {
    this.#windows.set(transfer, this.#windowOf(transfer));
    this.#timer ??= this.#schedule();
    return () => this.#windows.delete(transfer);
  }

  close(): void {
    this.#timer?.cancel();
    this.#windows.clear();
  }

  #schedule(): Timer {
    return this.#clock.schedule(STALL.lookEveryMs, () => this.#look(), { background: true });
  }

  #windowOf(transfer: Watched): Window {
    return { startMs: this.#clock.monotonic(), startBytes: transfer.movedBytes };
  }

  #look(): void {
    const nowMs = this.#clock.monotonic();
    const movedMin = (STALL.bytesPerSecondMin * STALL.windowMs) / 1000;
    for (const [transfer, window] of this.#windows) {
      if (!transfer.waiting) {
        this.#windows.set(transfer, this.#windowOf(transfer));
      } else if (nowMs - window.startMs >= STALL.windowMs) {
        if (transfer.movedBytes - window.startBytes < movedMin) {
          this.#windows.delete(transfer);
          transfer.stalled();
        } else {
          this.#windows.set(transfer, this.#windowOf(transfer));
        }
      }
    }
    this.#timer = this.#windows.size > 0 ? this.#schedule() : undefined;
  }
}
