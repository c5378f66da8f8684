/** Sizes as people write them: `64MiB`, `4GiB`, `1.5GiB`, `500GB`, `4096` (bytes). */
import { CairnError } from '../errors.ts';

const UNITS: Record<string, number> = {
  B: 1,
  KIB: 1024,
  MIB: 1024 ** 2,
  GIB: 1024 ** 3,
  TIB: 1024 ** 4,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};

/** @throws CONFIG_INVALID naming what to write instead. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim());
  const unit = match?.[2] === '' ? 1 : UNITS[(match?.[2] ?? '?').toUpperCase()];
  const bytes = match === null || unit === undefined ? Number.NaN : Math.round(Number(match[1]) * unit);
  if (!Number.isSafeInteger(bytes) || bytes <= 0) {
    throw new CairnError('CONFIG_INVALID', `${JSON.stringify(text)} is not a size; write for example 64MiB or 4GiB`);
  }
  return bytes;
}

/** With one decimal at most: `1.5 GiB`, `512 B`. What would round to 1024 of a unit is 1 of the next. */
export function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
  let value = bytes;
  let at = 0;
  while (Math.round(value) >= 1024 && at < units.length - 1) {
    value /= 1024;
    at += 1;
  }
  return `${at === 0 || value >= 100 ? Math.round(value) : Math.round(value * 10) / 10} ${units[at]}`;
}
