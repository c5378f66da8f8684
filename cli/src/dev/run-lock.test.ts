/** One supervisor per data folder, and what a killed one leaves. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, livingCairn, takePidLock } from './run-lock.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-lock-'));
  file = path.join(folder, 'supervisor.pid');
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

async function withProcess(argument: string, body: (pid: number) => void): Promise<void> {
  const child = spawn(process.execPath, ['-e', 'process.stdout.write("up");setInterval(() => {}, 1000)', argument], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  try {
    body(child.pid as number);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

describe('takePidLock', () => {
  it('writes the own process id', () => {
    takePidLock(file);
    expect(Number(fs.readFileSync(file, 'utf8'))).toBe(process.pid);
  });

  it('refuses while a cairn process holds it and names that', () =>
    withProcess('cairn', (pid) => {
      fs.writeFileSync(file, `${pid}\n`);
      expect(() => takePidLock(file)).toThrow(
        expect.objectContaining({ code: 'DATA_DIR_LOCKED', message: expect.stringContaining(String(pid)) }),
      );
    }));

  it.each(['', 'junk', '0', '-1', '4194304999'])('takes over a file that holds %j', (text) => {
    fs.writeFileSync(file, text);
    takePidLock(file);
    expect(Number(fs.readFileSync(file, 'utf8'))).toBe(process.pid);
  });
});

describe('livingCairn', () => {
  it('does not take a stranger with a number used again for one of ours', () =>
    withProcess('stranger', (pid) => {
      fs.writeFileSync(file, `${pid}\n`);
      expect(isAlive(pid)).toBe(true);
      expect(livingCairn(file)).toBeUndefined();
    }));
});
