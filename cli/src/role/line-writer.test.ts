/** Log lines on their way out of a process. */

import { once } from 'node:events';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LineWriter } from './line-writer.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-lines-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!holds() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('LineWriter', () => {
  it('writes all lines in order, those that wait at the end as well', async () => {
    const file = path.join(folder, 'log');
    const descriptor = fs.openSync(file, 'w');
    const writer = new LineWriter(descriptor);
    const lines = Array.from({ length: 1000 }, (_, at) => `line ${at}\n`);
    for (const line of lines.slice(0, 500)) writer.write(line);
    await until(() => fs.readFileSync(file, 'utf8') === lines.slice(0, 500).join(''));
    for (const line of lines.slice(500)) writer.write(line);
    writer.flush();
    await until(() => fs.readFileSync(file, 'utf8').length === lines.join('').length);
    expect(fs.readFileSync(file, 'utf8').split('\n').sort()).toEqual(lines.join('').split('\n').sort());
    fs.closeSync(descriptor);
  });

  it('holds a bounded number of bytes for a reader that does not read, and ends without it', async () => {
    const server = net.createServer({ pauseOnConnect: true }).listen(path.join(folder, 'socket'));
    await once(server, 'listening');
    const accepted = once(server, 'connection');
    const client = net.connect(path.join(folder, 'socket'));
    await once(client, 'connect');
    const [peer] = await accepted;
    const descriptor = (client as unknown as { _handle: { fd: number } })._handle.fd;
    const writer = new LineWriter(descriptor);
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < 100_000; n++) writer.write(`${'x'.repeat(999)}\n`);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(50_000_000);
    writer.flush();
    peer.destroy();
    writer.flush();
    writer.write('nobody hears this\n');
    writer.flush();
    client.destroy();
    server.close();
    await once(server, 'close');
    expect(server.listening).toBe(false);
  });
});
