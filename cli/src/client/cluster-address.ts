/** Which cluster a command talks to: a data folder of this machine, or the address of its metadata servers. */
import * as fs from 'node:fs';
import { CairnError, type Field, field } from '@cairn/core';
import { type KeyPair, parseCredentials } from '../dev/credentials.ts';
import { DataFolder } from '../dev/data-folder.ts';
import { readEndpoints } from '../dev/endpoints.ts';
import { DATA_DIR_DEFAULT } from '../dev/flags.ts';
import { UsageError } from '../exit-code.ts';

export interface ClusterAccess extends KeyPair {
  /** `host:port` of each metadata server. */
  metadata: string[];
}

type Environment = Record<string, string | undefined>;

/**
 * @param named What `--cluster` says; else CAIRN_CLUSTER, else ./cairn-data.
 * @throws UNAVAILABLE when there is no cluster there; UsageError when keys are missing.
 */
export function resolveCluster(named: string | undefined, environment: Environment): ClusterAccess {
  const place = named ?? (environment['CAIRN_CLUSTER'] || DATA_DIR_DEFAULT);
  if (fs.statSync(place, { throwIfNoEntry: false })?.isDirectory()) return accessByFolder(new DataFolder(place));
  const metadata = addressesOf(place);
  if (metadata !== undefined) return { metadata, ...keysFor(place, environment) };
  const hint =
    named === undefined ? 'start one with npm start, or name one with --cluster DIR|HOST:PORT' : 'no such folder';
  throw new CairnError('UNAVAILABLE', `no cluster at ${place}: ${hint}`);
}

function accessByFolder(folder: DataFolder): ClusterAccess {
  const endpoints = readEndpoints(folder.endpoints);
  if (endpoints === undefined) {
    throw new CairnError(
      'UNAVAILABLE',
      `no cluster was started in ${folder.root}; start it with cairn dev --data ${folder.root}`,
    );
  }
  const key = parseCredentials(fs.readFileSync(folder.credentials, 'utf8'));
  if (key === undefined)
    throw new CairnError('CONFIG_INVALID', `${folder.credentials} holds no key pair in a section [default]`);
  return { metadata: endpoints.metadata, ...key };
}

/** `host:port`, or several with commas between them. */
function addressesOf(text: string): string[] | undefined {
  const address: Field<string> = field.hostPort();
  const parsed = text.split(',').map((one) => address.parse(one.trim()));
  return parsed.every((one) => one !== undefined) ? parsed : undefined;
}

function keysFor(place: string, { CAIRN_ACCESS_KEY: accessKey, CAIRN_SECRET_KEY: secretKey }: Environment): KeyPair {
  if (!accessKey || !secretKey) {
    throw new UsageError(`--cluster ${place} is an address: set CAIRN_ACCESS_KEY and CAIRN_SECRET_KEY as well`);
  }
  return { accessKey, secretKey };
}
