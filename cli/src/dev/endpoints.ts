/** DIR/run/endpoints.json: where each process of a local cluster can be reached. Clients read it; the next start reuses its ports. */
import * as fs from 'node:fs';
import * as path from 'node:path';

export type RoleName = 'metadata-server' | 'storage-node' | 'gateway';

export interface RoleEndpoint {
  role: RoleName;
  /** `host:port` of gRPC, or of HTTP for a gateway. */
  address: string;
  /** `host:port` of the admin listener: /livez, /readyz, /metrics. */
  admin: string;
  /** `host:port` of a storage node's bulk lane. */
  bulk?: string;
}

export interface Endpoints {
  /** The S3 endpoint as a URL. */
  s3: string;
  /** `host:port` of each metadata server. */
  metadata: string[];
  roles: Record<string, RoleEndpoint>;
}

/** undefined when there is none or it cannot be read as one. */
export function readEndpoints(file: string): Endpoints | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
  const endpoints = parsed as Partial<Endpoints> | null;
  const whole =
    typeof endpoints?.s3 === 'string' && Array.isArray(endpoints.metadata) && typeof endpoints.roles === 'object';
  return whole ? (endpoints as Endpoints) : undefined;
}

/** Replaces a small file at once: a reader sees the old text or the new one. Not durable: it is rewritten at every start. */
export function replaceFile(file: string, text: string): void {
  const fresh = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}`);
  fs.writeFileSync(fresh, text, { mode: 0o600 });
  fs.renameSync(fresh, file);
}
