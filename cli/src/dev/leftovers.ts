/** Processes of an earlier run whose supervisor was killed: they drain by themselves, and the next start waits for that. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { CairnError, type Clock, sleep } from '@cairn/core';
import { livingCairn } from './run-lock.ts';
import type { Terminal } from './terminal.ts';

const WAIT_MS = 25_000;
const LOOK_INTERVAL_MS = 50;
const SUPERVISOR_PID_FILE = 'supervisor.pid';

function living(runDir: string): { name: string; pid: number }[] {
  return fs
    .readdirSync(runDir)
    .filter((file) => file.endsWith('.pid') && file !== SUPERVISOR_PID_FILE)
    .flatMap((file) => {
      const pid = livingCairn(path.join(runDir, file));
      return pid === undefined ? [] : [{ name: file.slice(0, -'.pid'.length), pid }];
    });
}

/** @throws DATA_DIR_LOCKED when one of them does not end. */
export async function waitForLeftovers(runDir: string, clock: Clock, terminal: Terminal): Promise<void> {
  const from = clock.monotonic();
  let said = false;
  for (let left = living(runDir); left.length > 0; left = living(runDir)) {
    const names = left.map(({ name, pid }) => `${name} (process ${pid})`).join(', ');
    if (clock.monotonic() - from > WAIT_MS) {
      throw new CairnError('DATA_DIR_LOCKED', `processes of an earlier run still use this data folder: ${names}`);
    }
    if (!said) terminal.say(`waiting for processes of an earlier run to end: ${names}`);
    said = true;
    await sleep(clock, LOOK_INTERVAL_MS);
  }
  for (const file of fs.readdirSync(runDir)) {
    if (file.endsWith('.pid') && file !== SUPERVISOR_PID_FILE) fs.rmSync(path.join(runDir, file), { force: true });
  }
}
