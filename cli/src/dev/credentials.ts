/**
 * The root key pair, kept in DIR/credentials in the format of the AWS tools' shared credentials file
 * (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html). Secrets are made by the machine, never a default.
 */
import { CairnError, type Disk, field, parseConfig, type Random, writeFileDurably } from '@cairn/core';

export interface KeyPair {
  accessKey: string;
  secretKey: string;
}

const ACCESS_KEY = /^[A-Za-z0-9._-]{3,128}$/;
const ACCESS_KEY_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function formatCredentials(key: KeyPair): string {
  return [
    '# The root key of this Cairn cluster. AWS tools read it through AWS_SHARED_CREDENTIALS_FILE.',
    '[default]',
    `aws_access_key_id = ${key.accessKey}`,
    `aws_secret_access_key = ${key.secretKey}`,
    '',
  ].join('\n');
}

/** The key pair of the section [default]; undefined when it holds none. */
export function parseCredentials(text: string): KeyPair | undefined {
  let section = '';
  const found = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[([^\]]+)\]\s*$/.exec(line);
    if (header !== null) section = (header[1] as string).trim();
    const setting = /^\s*([a-z_]+)\s*=\s*(\S+)\s*$/.exec(line);
    if (section === 'default' && setting !== null) found.set(setting[1] as string, setting[2] as string);
  }
  const accessKey = found.get('aws_access_key_id');
  const secretKey = found.get('aws_secret_access_key');
  return accessKey === undefined || secretKey === undefined ? undefined : { accessKey, secretKey };
}

/** @throws CONFIG_INVALID when only one of the two variables is set or a value is unfit. */
export function keyFromEnvironment(environment: Record<string, string | undefined>): KeyPair | undefined {
  const { CAIRN_ACCESS_KEY: accessKey, CAIRN_SECRET_KEY: secretKey } = environment;
  if (!accessKey && !secretKey) return undefined;
  if (!accessKey || !secretKey) {
    throw new CairnError('CONFIG_INVALID', 'CAIRN_ACCESS_KEY and CAIRN_SECRET_KEY go together; set both or neither');
  }
  if (!ACCESS_KEY.test(accessKey)) {
    throw new CairnError(
      'CONFIG_INVALID',
      'CAIRN_ACCESS_KEY: write 3 to 128 letters, digits, dots, dashes or underscores',
    );
  }
  if (/[^\x21-\x7e]/.test(secretKey)) {
    throw new CairnError('CONFIG_INVALID', 'CAIRN_SECRET_KEY: write printable characters without spaces');
  }
  const checked = parseConfig({ CAIRN_SECRET_KEY: field.secret() }, { CAIRN_SECRET_KEY: secretKey });
  return { accessKey, secretKey: checked.CAIRN_SECRET_KEY };
}

export function generateKey(random: Random): KeyPair {
  const letters = [...random.bytes(20)].map((byte) => ACCESS_KEY_LETTERS[byte % ACCESS_KEY_LETTERS.length]);
  return { accessKey: letters.join(''), secretKey: Buffer.from(random.bytes(30)).toString('base64url') };
}

interface KeyFileOptions {
  disk: Disk;
  random: Random;
  environment: Record<string, string | undefined>;
}

/** The root key of a data folder: the environment's, else the kept one, else a new one; kept in any case. */
export async function ensureRootKey(file: string, options: KeyFileOptions): Promise<KeyPair & { generated: boolean }> {
  const bytes = await options.disk.readFile(file);
  const kept = bytes === undefined ? undefined : parseCredentials(Buffer.from(bytes).toString('utf8'));
  if (bytes !== undefined && kept === undefined) {
    throw new CairnError('CONFIG_INVALID', `${file} holds no key pair in a section [default]; mend or remove it`);
  }
  const given = keyFromEnvironment(options.environment);
  const key = given ?? kept ?? generateKey(options.random);
  if (key.accessKey !== kept?.accessKey || key.secretKey !== kept.secretKey) {
    await writeFileDurably(options.disk, file, Buffer.from(formatCredentials(key)));
  }
  return { ...key, generated: given === undefined && kept === undefined };
}

/** The secret by which the processes of a cluster know each other: made at the first start. */
export async function ensureClusterSecret(file: string, disk: Disk, random: Random): Promise<string> {
  const bytes = await disk.readFile(file);
  if (bytes !== undefined) {
    const kept = Buffer.from(bytes).toString('utf8').trim();
    return parseConfig({ 'cluster-secret': field.secret() }, { 'cluster-secret': kept })['cluster-secret'];
  }
  const secret = Buffer.from(random.bytes(32)).toString('hex');
  await writeFileDurably(disk, file, Buffer.from(`${secret}\n`));
  return secret;
}
