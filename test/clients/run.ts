/**
 * `npm run test:clients`: stock S3 clients against a real cluster, with nothing set but endpoint, region and keys. A client that is
 * not installed is named with the way to install it; where CI=true that counts as a failure.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { bytesOf, KIB, MIB, sha256 } from '../harness/bytes.ts';
import { TestCluster } from '../harness/cluster.ts';
import { run } from '../harness/processes.ts';

const SIZES = [0, 1, 64 * KIB - 1, 64 * KIB + 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 24 * MIB + 7];

interface Workplace {
  cluster: TestCluster;
  /** A folder of the client's own. */
  folder: string;
  /** A bucket of the client's own; not made yet. */
  bucket: string;
  env: Record<string, string>;
  /** Runs a command that must end with 0. @returns What it printed. */
  do: (command: string, ...args: string[]) => Promise<string>;
}

interface ForeignClient {
  name: string;
  /** Fails when the client is not there. */
  probe: [string, ...string[]];
  install: string;
  cases: Record<string, (place: Workplace) => Promise<void>>;
}

function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: found ${String(actual)}, expected ${String(expected)}`);
}

function expectSameFile(file: string, expected: Buffer): void {
  expectEqual(sha256(fs.readFileSync(file)), sha256(expected), file);
}

/** Writes one file of each size and returns their paths with what they hold. */
function makeFiles(place: Workplace, sizes: readonly number[]): Map<string, Buffer> {
  const folder = path.join(place.folder, 'source');
  fs.mkdirSync(folder, { recursive: true });
  return new Map(
    sizes.map((size) => {
      const file = path.join(folder, `size-${size}`);
      const bytes = bytesOf(`${place.bucket}-${size}`, size);
      fs.writeFileSync(file, bytes);
      return [file, bytes];
    }),
  );
}

const aws: ForeignClient = {
  name: 'aws-cli',
  probe: ['aws', '--version'],
  install: 'pip install awscli',
  cases: {
    's3api puts, heads and gets every size': async (place) => {
      const api = (...args: string[]) => place.do('aws', '--endpoint-url', place.cluster.s3Url, 's3api', ...args);
      await api('create-bucket', '--bucket', place.bucket);
      for (const [file, bytes] of makeFiles(place, SIZES)) {
        const at = ['--bucket', place.bucket, '--key', path.basename(file)];
        await api('put-object', ...at, '--body', file);
        const head = JSON.parse(await api('head-object', ...at)) as { ContentLength: number };
        expectEqual(head.ContentLength, bytes.length, 'ContentLength');
        await api('get-object', ...at, `${file}.back`);
        expectSameFile(`${file}.back`, bytes);
      }
      const listed = JSON.parse(await api('list-objects-v2', '--bucket', place.bucket)) as { Contents: unknown[] };
      expectEqual(listed.Contents.length, SIZES.length, 'listed objects');
    },
    's3api reads a range and deletes': async (place) => {
      const api = (...args: string[]) => place.do('aws', '--endpoint-url', place.cluster.s3Url, 's3api', ...args);
      const at = ['--bucket', place.bucket, '--key', `size-${8 * MIB + 1}`];
      const file = path.join(place.folder, 'range');
      await api('get-object', ...at, '--range', `bytes=${8 * MIB - 5}-`, file);
      expectSameFile(file, bytesOf(`${place.bucket}-${8 * MIB + 1}`, 8 * MIB + 1).subarray(8 * MIB - 5));
      await api('delete-object', ...at);
      const listed = JSON.parse(await api('list-objects-v2', '--bucket', place.bucket)) as { Contents: unknown[] };
      expectEqual(listed.Contents.length, SIZES.length - 1, 'listed objects');
    },
    's3 copies small files both ways, lists and removes': async (place) => {
      const s3 = (...args: string[]) => place.do('aws', '--endpoint-url', place.cluster.s3Url, 's3', ...args);
      await s3('mb', `s3://${place.bucket}-s3`);
      const files = makeFiles(place, [0, 1, 100 * KIB, 5 * MIB]);
      for (const file of files.keys()) await s3('cp', file, `s3://${place.bucket}-s3/in/${path.basename(file)}`);
      await s3('sync', `s3://${place.bucket}-s3/in`, path.join(place.folder, 'synced'));
      for (const [file, bytes] of files) expectSameFile(path.join(place.folder, 'synced', path.basename(file)), bytes);
      await s3('rm', '--recursive', `s3://${place.bucket}-s3/`);
      await s3('rb', `s3://${place.bucket}-s3`);
    },
  },
};

const BOTO3_SCRIPT = `
import boto3, hashlib, os, sys
from botocore.exceptions import ClientError
s3 = boto3.client('s3', endpoint_url=sys.argv[1], region_name='us-east-1')
bucket, folder = sys.argv[2], sys.argv[3]
s3.create_bucket(Bucket=bucket)
for name in sorted(os.listdir(folder)):
    data = open(os.path.join(folder, name), 'rb').read()
    put = s3.put_object(Bucket=bucket, Key='boto/' + name, Body=data, Metadata={'kind': 'test'})
    got = s3.get_object(Bucket=bucket, Key='boto/' + name)
    assert got['Body'].read() == data, name
    assert got['ETag'] == put['ETag'] == '"' + hashlib.md5(data).hexdigest() + '"', name
    assert got['Metadata'] == {'kind': 'test'}, got['Metadata']
keys = [o['Key'] for page in s3.get_paginator('list_objects_v2').paginate(Bucket=bucket, PaginationConfig={'PageSize': 3}) for o in page['Contents']]
assert keys == sorted('boto/' + name for name in os.listdir(folder)), keys
try:
    s3.get_object(Bucket=bucket, Key='absent')
    raise SystemExit('an absent key was found')
except ClientError as error:
    assert error.response['Error']['Code'] == 'NoSuchKey', error
try:
    s3.put_object(Bucket=bucket, Key=keys[0], Body=b'', IfNoneMatch='*')
    raise SystemExit('If-None-Match was ignored')
except ClientError as error:
    assert error.response['ResponseMetadata']['HTTPStatusCode'] == 412, error
s3.delete_objects(Bucket=bucket, Delete={'Objects': [{'Key': key} for key in keys]})
s3.delete_bucket(Bucket=bucket)
`;

const boto3: ForeignClient = {
  name: 'boto3',
  probe: ['python3', '-c', 'import boto3'],
  install: 'pip install boto3',
  cases: {
    'puts, gets, lists, refuses and deletes': async (place) => {
      makeFiles(place, SIZES);
      await place.do(
        'python3',
        '-c',
        BOTO3_SCRIPT,
        place.cluster.s3Url,
        place.bucket,
        path.join(place.folder, 'source'),
      );
    },
  },
};

const rclone: ForeignClient = {
  name: 'rclone',
  probe: ['rclone', 'version'],
  install: 'apt-get install rclone',
  cases: {
    'copies a folder and checks it': async (place) => {
      makeFiles(place, [0, 1, 64 * KIB + 1, 9 * MIB]);
      const source = path.join(place.folder, 'source');
      const remote = `:s3,provider=Other,env_auth=true,endpoint='${place.cluster.s3Url}':${place.bucket}/tree`;
      await place.do('rclone', 'copy', source, remote);
      await place.do('rclone', 'check', '--download', source, remote);
      await place.do('rclone', 'purge', remote);
    },
  },
};

const s3cmd: ForeignClient = {
  name: 's3cmd',
  probe: ['s3cmd', '--version'],
  install: 'apt-get install s3cmd',
  cases: {
    'puts, lists, gets and deletes': async (place) => {
      const host = `127.0.0.1:${place.cluster.s3Port}`;
      const { accessKeyId, secretAccessKey } = place.cluster.credentials;
      const config = path.join(place.folder, 's3cfg');
      fs.writeFileSync(
        config,
        [
          '[default]',
          `access_key = ${accessKeyId}`,
          `secret_key = ${secretAccessKey}`,
          `host_base = ${host}`,
          `host_bucket = ${host}`,
          'use_https = False',
          '',
        ].join('\n'),
      );
      const s3 = (...args: string[]) => place.do('s3cmd', '-c', config, '--no-progress', ...args);
      await s3('mb', `s3://${place.bucket}`);
      const files = makeFiles(place, [1, 64 * KIB + 1, 9 * MIB]);
      for (const [file, bytes] of files) {
        await s3('put', file, `s3://${place.bucket}/${path.basename(file)}`);
        await s3('get', `s3://${place.bucket}/${path.basename(file)}`, `${file}.back`);
        expectSameFile(`${file}.back`, bytes);
      }
      expectEqual((await s3('ls', `s3://${place.bucket}`)).trim().split('\n').length, files.size, 'listed objects');
      await s3('rm', '--recursive', '--force', `s3://${place.bucket}`);
      await s3('rb', `s3://${place.bucket}`);
    },
  },
};

const CLIENTS = [aws, boto3, rclone, s3cmd];

async function isInstalled(client: ForeignClient): Promise<boolean> {
  const [command, ...args] = client.probe;
  return run(command, args, { timeoutMs: 60_000 }).then(
    (done) => done.code === 0,
    () => false,
  );
}

function workplace(cluster: TestCluster, client: ForeignClient): Workplace {
  const { accessKeyId, secretAccessKey } = cluster.credentials;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `cairn-${client.name}-`));
  const env = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_REGION: 'us-east-1',
    HOME: folder,
  };
  return {
    cluster,
    folder,
    bucket: `from-${client.name}`,
    env,
    do: async (command, ...args) => {
      const done = await run(command, args, { env });
      if (done.code !== 0)
        throw new Error(
          `${command} ${args.slice(0, 8).join(' ')} ended with ${done.code}\n${done.stdout}\n${done.stderr}`,
        );
      return done.stdout;
    },
  };
}

const seenErrors = new Set<string>();
let passed = 0;
let failed = 0;
const cluster = await TestCluster.start();
try {
  for (const client of CLIENTS) {
    if (!(await isInstalled(client))) {
      process.stdout.write(`${client.name}: not installed; ${client.install}\n`);
      if (process.env['CI'] === 'true') failed += Object.keys(client.cases).length;
      continue;
    }
    const place = workplace(cluster, client);
    for (const [title, test] of Object.entries(client.cases)) {
      try {
        await test(place);
        passed += 1;
        process.stdout.write(`ok      ${client.name}: ${title}\n`);
      } catch (error) {
        failed += 1;
        process.stdout.write(`FAILED  ${client.name}: ${title}\n${String(error)}\n`);
      }
    }
    // A client's own retry must not hide an error of ours.
    const errors = await newServerErrors();
    if (errors.length > 0) {
      failed += 1;
      process.stdout.write(`FAILED  ${client.name}: the gateway answered with 5xx\n${errors.join('\n')}\n`);
    }
    fs.rmSync(place.folder, { recursive: true, force: true });
  }
} finally {
  await cluster.destroy();
}
const results = process.env['CAIRN_TEST_RESULTS'];
if (results !== undefined) fs.writeFileSync(path.join(results, 'clients.json'), JSON.stringify({ passed, failed }));
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

/** The counters of answers with a 5xx status that have moved. 501 is an answer to something that is not supported: it counts too. */
async function newServerErrors(): Promise<string[]> {
  const { admin } = cluster.endpoints.roles['gateway-1'] ?? { admin: '' };
  const text = await (await fetch(`http://${admin}/metrics`)).text();
  const lines = text.split('\n').filter((line) => /^cairn_gateway_requests_total\{.*status="5\d\d"/.test(line));
  const fresh = lines.filter((line) => !seenErrors.has(line));
  for (const line of fresh) seenErrors.add(line);
  return fresh;
}
