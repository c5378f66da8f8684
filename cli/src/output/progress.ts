/** A progress bar with rate and time left, on stderr and only on a terminal. */
import { formatSize } from '@cairn/core';

export interface Progress {
  /** More bytes are through; a negative number takes some back, when a transfer begins again. */
  add(bytes: number): void;
  stop(): void;
}

const silent: Progress = { add: () => undefined, stop: () => undefined };

export interface ProgressOptions {
  /** undefined when nobody knows. */
  totalBytes: number | undefined;
  enabled: boolean;
}

export async function startProgress({ totalBytes, enabled }: ProgressOptions): Promise<Progress> {
  if (!enabled || !process.stderr.isTTY) return silent;
  const { default: bars } = await import('cli-progress');
  const from = performance.now();
  let done = 0;
  const bar = new bars.SingleBar({
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    emptyOnZero: true,
    format: (_options, { progress }) =>
      progressText({ progress, done, totalBytes, seconds: (performance.now() - from) / 1000 }),
  });
  bar.start(totalBytes ?? 0, 0);
  return {
    add: (bytes) => {
      done += bytes;
      bar.update(done);
    },
    stop: () => bar.stop(),
  };
}

export interface ProgressState {
  /** 0 to 1 */
  progress: number;
  done: number;
  totalBytes: number | undefined;
  seconds: number;
}

const BAR_WIDTH = 30;

export function progressText({ progress, done, totalBytes, seconds }: ProgressState): string {
  const rate = seconds > 0 ? done / seconds : 0;
  const speed = `${formatSize(Math.round(rate))}/s`;
  if (totalBytes === undefined) return `${formatSize(done)}  ${speed}`;
  const filled = Math.round(Math.min(1, Math.max(0, progress)) * BAR_WIDTH);
  const bar = `${'='.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}`;
  const left = rate > 0 ? durationText((totalBytes - done) / rate) : 'unknown';
  return `[${bar}] ${Math.floor(Math.min(1, progress) * 100)} %  ${formatSize(done)} of ${formatSize(totalBytes)}  ${speed}  ${left} left`;
}

/** `1 h 05 min`, `3 min 20 s`, `12 s` */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const pad = (value: number) => String(value).padStart(2, '0');
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
  if (whole >= 60) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${whole} s`;
}
