/** The parts of a role's process: its configuration, its admin listener and its metrics. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { field, type MetricSample } from '@cairn/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AdminListener, startAdminListener } from './admin-listener.ts';
import { metricsPage } from './metrics.ts';
import { parseRoleConfig, readConfig } from './run-role.ts';

describe('a configuration', () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-config-'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const schema = { dataDir: field.text('a folder') };

  it('gives the role its keys and keeps admin for the process', () => {
    expect(parseRoleConfig(schema, { dataDir: 'x' })).toEqual({ admin: '127.0.0.1:0', config: { dataDir: 'x' } });
  });

  it.each([
    [{ dataDir: 'x', dataDri: 'y' }, /unknown key "dataDri"/],
    [{ dataDir: 'x', admin: 'here' }, /^admin: .*HOST:PORT/],
    [{}, /^dataDir is missing; write a folder/],
  ])('%j is refused by name', (input, message) => {
    expect(() => parseRoleConfig(schema, input)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) }),
    );
  });

  it('that is absent or no JSON is refused by its name', () => {
    const file = path.join(folder, 'role.json');
    expect(() => readConfig(file)).toThrow(/--config: .*role\.json/);
    fs.writeFileSync(file, '{"dataDir": ');
    expect(() => readConfig(file)).toThrow(/--config: .*role\.json is not JSON/);
  });
});

describe('the admin listener', () => {
  let listener: AdminListener;
  let reason: string | undefined;
  let samples: MetricSample[];

  beforeEach(async () => {
    reason = 'it waits for the leader';
    samples = [];
    listener = await startAdminListener('127.0.0.1:0', { notReady: () => reason, metrics: metricsPage(() => samples) });
  });
  afterEach(() => listener.close());

  const get = async (page: string) => {
    const answer = await fetch(`http://${listener.address}${page}`);
    return { status: answer.status, text: await answer.text() };
  };

  it('says that the process lives, and whether and why not it serves', async () => {
    expect(await get('/livez')).toEqual({ status: 200, text: 'ok\n' });
    expect(await get('/readyz')).toEqual({ status: 503, text: 'it waits for the leader\n' });
    reason = undefined;
    expect(await get('/readyz?verbose')).toEqual({ status: 200, text: 'ok\n' });
    expect((await get('/')).status).toBe(404);
  });

  it("shows the role's samples of now and the process's own", async () => {
    const sample = (state: string, value: number): MetricSample => ({
      ...{ name: 'cairn_nodes', help: 'Nodes.', type: 'gauge' },
      labels: { state },
      value,
    });
    samples = [sample('alive', 3), sample('down', 0)];
    expect((await get('/metrics')).text).toContain(
      '# TYPE cairn_nodes gauge\ncairn_nodes{state="alive"} 3\ncairn_nodes{state="down"} 0\n',
    );
    samples = [sample('alive', 2)];
    const { text } = await get('/metrics');
    expect(text).toContain('cairn_nodes{state="alive"} 2\n');
    expect(text).not.toContain('down');
    expect(text).toContain('process_cpu_seconds_total');
  });

  it('refuses an address that is taken and names the key', async () => {
    const pages = { notReady: () => undefined, metrics: { contentType: 'text/plain', render: async () => '' } };
    await expect(startAdminListener(listener.address, pages)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^admin: /),
    });
  });
});
