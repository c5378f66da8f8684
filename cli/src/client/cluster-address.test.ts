/** Which cluster a command talks to. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatCredentials } from '../dev/credentials.ts';
import { exitCodeOf } from '../exit-code.ts';
import { resolveCluster } from './cluster-address.ts';

const KEY = { accessKey: 'OPERATOR', secretKey: 'q9Xw3-Lk20_zRt7Vb1' };
const ENVIRONMENT = { CAIRN_ACCESS_KEY: KEY.accessKey, CAIRN_SECRET_KEY: KEY.secretKey };

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-cluster-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

function runCluster(): void {
  fs.mkdirSync(path.join(folder, 'run'));
  const endpoints = { s3: 'http://127.0.0.1:9000', metadata: ['127.0.0.1:7000'], roles: {} };
  fs.writeFileSync(path.join(folder, 'run', 'endpoints.json'), JSON.stringify(endpoints));
  fs.writeFileSync(path.join(folder, 'credentials'), formatCredentials(KEY));
}

function exitCode(named: string | undefined, environment: Record<string, string>): number {
  try {
    resolveCluster(named, environment);
  } catch (error) {
    return exitCodeOf(error);
  }
  return 0;
}

describe('resolveCluster', () => {
  it('reads address and keys from a data folder', () => {
    runCluster();
    expect(resolveCluster(folder, {})).toEqual({ metadata: ['127.0.0.1:7000'], ...KEY });
    expect(resolveCluster(undefined, { CAIRN_CLUSTER: folder })).toEqual({ metadata: ['127.0.0.1:7000'], ...KEY });
  });

  it('takes addresses with the keys of the environment', () => {
    const access = resolveCluster('10.0.0.1:7000, [::1]:7001', ENVIRONMENT);
    expect(access).toEqual({ metadata: ['10.0.0.1:7000', '[::1]:7001'], ...KEY });
  });

  it('prefers what was typed to the environment', () => {
    runCluster();
    expect(resolveCluster(folder, { CAIRN_CLUSTER: '/nowhere' }).metadata).toEqual(['127.0.0.1:7000']);
  });

  it('says unreachable where no cluster is, and usage where keys are missing', () => {
    expect(exitCode(path.join(folder, 'absent'), {})).toBe(3);
    expect(exitCode(folder, {})).toBe(3);
    expect(exitCode('127.0.0.1:7000', {})).toBe(2);
  });
});
