/** A role that hangs is named once, and so is its return. */
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { realClock } from '@cairn/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventJournal } from './event-journal.ts';
import { Liveness, type LivenessOptions } from './liveness.ts';

let folder: string;
let server: http.Server;
let answers: boolean;
let journal: EventJournal;
let said: string[];

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-liveness-'));
  journal = new EventJournal({ path: path.join(folder, 'events.jsonl'), clock: realClock });
  said = [];
  answers = true;
  server = http.createServer((_, response) => {
    if (answers) response.end('ok\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
  journal.close();
  fs.rmSync(folder, { recursive: true });
});

function liveness(hasEnded = false): Liveness {
  const admin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const plan = { name: 'gateway-1', role: 'gateway', nodeFlags: [], config: {} } as const;
  const children: LivenessOptions['children'] = [{ plan, hasEnded, pid: 7, listening: { address: '', admin } }];
  const terminal = { say: (line: string) => said.push(line) };
  return new Liveness({ children, journal, terminal, clock: realClock, answerTimeoutMs: 50 });
}

describe('Liveness', () => {
  it('says nothing of a role that answers, or that misses once', async () => {
    const check = liveness();
    await check.look();
    answers = false;
    await check.look();
    answers = true;
    await check.look();
    expect(said).toEqual([]);
    expect(journal.count('role-silent')).toBe(0);
  });

  it('names a role that stays silent once, and when it answers again', async () => {
    const check = liveness();
    answers = false;
    for (let look = 0; look < 5; look++) await check.look();
    expect(said).toEqual([expect.stringContaining('gateway-1 (process 7) runs but does not answer')]);
    answers = true;
    await check.look();
    expect(said).toHaveLength(2);
    expect([journal.count('role-silent'), journal.count('role-answers-again')]).toEqual([1, 1]);
  });

  it('leaves a role that has ended to its restart', async () => {
    const check = liveness(true);
    answers = false;
    for (let look = 0; look < 3; look++) await check.look();
    expect(said).toEqual([]);
  });
});
