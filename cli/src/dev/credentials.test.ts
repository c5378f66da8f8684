/** Root keys: from the environment, the kept file, or chance. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { realDisk, realRandom } from '@cairn/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ensureClusterSecret,
  ensureRootKey,
  formatCredentials,
  generateKey,
  keyFromEnvironment,
  parseCredentials,
} from './credentials.ts';

const KEY = { accessKey: 'OPERATOR', secretKey: 'q9Xw3-Lk20_zRt7Vb1' };
const GIVEN = { CAIRN_ACCESS_KEY: KEY.accessKey, CAIRN_SECRET_KEY: KEY.secretKey };

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-credentials-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

describe('the credentials file', () => {
  it('reads back what was written', () => {
    expect(parseCredentials(formatCredentials(KEY))).toEqual(KEY);
  });

  it('is read in the section [default] only', () => {
    const other = '[other]\naws_access_key_id = A\naws_secret_access_key = B\n';
    expect(parseCredentials(other)).toBeUndefined();
    expect(parseCredentials(`${other}[default]\r\naws_access_key_id=C\r\naws_secret_access_key=D\r\n`)).toEqual({
      accessKey: 'C',
      secretKey: 'D',
    });
  });
});

describe('keyFromEnvironment', () => {
  it('takes both or none', () => {
    expect(keyFromEnvironment({})).toBeUndefined();
    expect(keyFromEnvironment(GIVEN)).toEqual(KEY);
  });

  it.each([
    [{ CAIRN_ACCESS_KEY: 'OPERATOR' }, 'CAIRN_SECRET_KEY'],
    [{ CAIRN_SECRET_KEY: KEY.secretKey }, 'CAIRN_ACCESS_KEY'],
    [{ ...GIVEN, CAIRN_SECRET_KEY: 'short' }, 'CAIRN_SECRET_KEY'],
    [{ ...GIVEN, CAIRN_SECRET_KEY: 'minioadminminioadmin' }, 'CAIRN_SECRET_KEY'],
    [{ ...GIVEN, CAIRN_SECRET_KEY: 'has a space in the middle' }, 'CAIRN_SECRET_KEY'],
    [{ ...GIVEN, CAIRN_ACCESS_KEY: 'a b' }, 'CAIRN_ACCESS_KEY'],
    [{ ...GIVEN, CAIRN_ACCESS_KEY: 'a/b/c' }, 'CAIRN_ACCESS_KEY'],
  ])('refuses %j and names %s without showing a secret', (environment, name) => {
    const attempt = () => keyFromEnvironment(environment);
    expect(attempt).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(name) }),
    );
    expect(attempt).not.toThrow(/minioadmin|has a space/);
  });
});

describe('ensureRootKey', () => {
  const ensure = (environment: Record<string, string> = {}) =>
    ensureRootKey(path.join(folder, 'credentials'), { disk: realDisk, random: realRandom, environment });

  it('makes a key once and keeps it for the owner only', async () => {
    const first = await ensure();
    expect(first.generated).toBe(true);
    expect(first.secretKey.length).toBeGreaterThanOrEqual(40);
    expect(fs.statSync(path.join(folder, 'credentials')).mode & 0o777).toBe(0o600);
    expect(await ensure()).toEqual({ ...first, generated: false });
  });

  it('lets the environment win and keeps its key', async () => {
    await ensure();
    expect(await ensure(GIVEN)).toEqual({ ...KEY, generated: false });
    expect(await ensure()).toEqual({ ...KEY, generated: false });
  });

  it('refuses a file that holds no key rather than replace it', async () => {
    fs.writeFileSync(path.join(folder, 'credentials'), 'torn');
    await expect(ensure()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(fs.readFileSync(path.join(folder, 'credentials'), 'utf8')).toBe('torn');
  });

  it('makes different keys each time', () => {
    expect(generateKey(realRandom)).not.toEqual(generateKey(realRandom));
  });
});

describe('ensureClusterSecret', () => {
  it('makes a secret once and keeps it for the owner only', async () => {
    const file = path.join(folder, 'cluster-secret');
    const secret = await ensureClusterSecret(file, realDisk, realRandom);
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(await ensureClusterSecret(file, realDisk, realRandom)).toBe(secret);
  });

  it('refuses a short one', async () => {
    const file = path.join(folder, 'cluster-secret');
    fs.writeFileSync(file, 'short\n');
    await expect(ensureClusterSecret(file, realDisk, realRandom)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
