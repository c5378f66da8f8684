/** One `cairn dev` per data folder: DIR/run/supervisor.pid is held by the living one. A file left by a killed one is taken over. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { CairnError } from '@cairn/core';

/** What a process of ours was started as: the file itself, or the link that npm made to it. */
const ENTRY_NAMES = new Set(['cairn.js', 'cairn']);

/** @throws DATA_DIR_LOCKED naming the process that holds the folder. */
export function takePidLock(file: string): void {
  for (let tries = 0; tries < 3; tries++) {
    try {
      fs.writeFileSync(file, `${process.pid}\n`, { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = livingCairn(file);
    if (holder !== undefined) {
      throw new CairnError('DATA_DIR_LOCKED', `another cairn dev (process ${holder}) runs on this data folder`);
    }
    fs.rmSync(file, { force: true });
  }
  throw new CairnError('DATA_DIR_LOCKED', `another process keeps taking ${file}`);
}

/** The process that a pid file names, if it lives and is one of ours: the kernel hands out numbers again. */
export function livingCairn(pidFile: string): number | undefined {
  let pid: number;
  try {
    pid = Number(fs.readFileSync(pidFile, 'utf8').trim());
  } catch {
    return undefined;
  }
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid || !isAlive(pid)) return undefined;
  return looksLikeCairn(pid) ? pid : undefined;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A killed process whose parent has not asked for its end yet still has its number. */
function isZombie(pid: number): boolean {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}

/** Where the system does not tell what a process runs, a living one counts as ours. */
function looksLikeCairn(pid: number): boolean {
  try {
    const words = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words.some((word) => ENTRY_NAMES.has(path.basename(word)));
  } catch {
    return true;
  }
}
