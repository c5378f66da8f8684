/** The names inside a data folder (INTERFACE). Everything that `cairn dev` writes has its path here. */
import * as path from 'node:path';

/** Unix socket paths are short: 108 bytes on Linux, 104 on macOS, of which the file's name needs some. */
const SOCKET_DIR_BYTES_MAX = 80;

export class DataFolder {
  readonly root: string;

  constructor(root: string) {
    this.root = path.resolve(root);
  }

  get credentials(): string {
    return path.join(this.root, 'credentials');
  }
  get clusterSecret(): string {
    return path.join(this.root, 'cluster-secret');
  }
  get events(): string {
    return path.join(this.root, 'events.jsonl');
  }
  get logDir(): string {
    return path.join(this.root, 'log');
  }
  get runDir(): string {
    return path.join(this.root, 'run');
  }
  get endpoints(): string {
    return path.join(this.runDir, 'endpoints.json');
  }
  get ready(): string {
    return path.join(this.runDir, 'ready');
  }
  roleDir(name: string): string {
    return path.join(this.root, name);
  }
  log(name: string): string {
    return path.join(this.logDir, `${name}.log`);
  }
  pidFile(name: string): string {
    return path.join(this.runDir, `${name}.pid`);
  }
  configFile(name: string): string {
    return path.join(this.runDir, `${name}.json`);
  }

  /** Where the roles' sockets go; undefined when the folder's path is too long for one. */
  socketDir(name: string, base = path.join(this.runDir, 's')): string | undefined {
    const folder = path.join(base, name);
    return Buffer.byteLength(folder) <= SOCKET_DIR_BYTES_MAX ? folder : undefined;
  }
}
