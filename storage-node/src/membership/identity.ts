/**
 * Who this data folder is: `identity.json`, replaced durably as a whole. It is written before what it says is acted upon, so a
 * restart never goes back: not to an older incarnation, not to an older leader.
 */
import { CairnError, type Disk, type NodeId, parseNodeId, type Random, writeFileDurably } from '@cairn/core';

export const IDENTITY_VERSION = 1;

interface IdentityRow {
  formatVersion: number;
  /** '' until the node has registered for the first time. */
  clusterId: string;
  nodeId: NodeId;
  incarnation: number;
  /** The highest of any leader that has spoken to this node. */
  epoch: number;
}

export interface IdentityOptions {
  disk: Disk;
  path: string;
  random: Random;
  /** For the first start. */
  nodeId: NodeId | undefined;
}

export class Identity {
  readonly #disk: Disk;
  readonly #path: string;
  #row: IdentityRow;
  #saving: Promise<void> = Promise.resolve();

  private constructor({ disk, path }: IdentityOptions, row: IdentityRow) {
    this.#disk = disk;
    this.#path = path;
    this.#row = row;
  }

  /** Reads the identity, or makes one at the first start. @throws DATA_DIR_MISMATCH. */
  static async load(options: IdentityOptions): Promise<Identity> {
    const bytes = await options.disk.readFile(options.path);
    if (bytes !== undefined) {
      const row = parse(bytes, options.path);
      if (options.nodeId !== undefined && options.nodeId !== row.nodeId) {
        throw new CairnError(
          'DATA_DIR_MISMATCH',
          `the data folder is that of node ${row.nodeId}, not of ${options.nodeId}: leave nodeId out, or name another dataDir`,
        );
      }
      return new Identity(options, row);
    }
    const nodeId = options.nodeId ?? parseNodeId(`node-${Buffer.from(options.random.bytes(4)).toString('hex')}`);
    const identity = new Identity(options, {
      formatVersion: IDENTITY_VERSION,
      clusterId: '',
      nodeId,
      incarnation: 0,
      epoch: 0,
    });
    await identity.#save({});
    return identity;
  }

  get clusterId(): string {
    return this.#row.clusterId;
  }

  get nodeId(): NodeId {
    return this.#row.nodeId;
  }

  get incarnation(): number {
    return this.#row.incarnation;
  }

  get epoch(): number {
    return this.#row.epoch;
  }

  /** @throws CLUSTER_MISMATCH, EPOCH_STALE. */
  async registered(answer: { clusterId: string; incarnation: number; epoch: number }): Promise<void> {
    const { clusterId, epoch } = this.#row;
    if (clusterId !== '' && clusterId !== answer.clusterId) {
      throw new CairnError(
        'CLUSTER_MISMATCH',
        `the data folder belongs to cluster ${clusterId}, not ${answer.clusterId}`,
      );
    }
    if (answer.epoch < epoch) throw new CairnError('EPOCH_STALE');
    await this.#save(answer);
  }

  /** A leader of this epoch commands. @throws EPOCH_STALE when a newer one has spoken. */
  async acceptEpoch(epoch: number): Promise<void> {
    if (epoch < this.#row.epoch)
      throw new CairnError('EPOCH_STALE', `epoch ${epoch} is over, ${this.#row.epoch} has spoken`);
    if (epoch > this.#row.epoch) await this.#save({ epoch });
  }

  /** One at a time; an epoch never falls. */
  #save(change: Partial<IdentityRow>): Promise<void> {
    const saving = this.#saving.then(async () => {
      const epoch = Math.max(this.#row.epoch, change.epoch ?? 0);
      const row = { ...this.#row, ...change, epoch };
      const text = JSON.stringify(pick(row), undefined, 2);
      await writeFileDurably(this.#disk, this.#path, Buffer.from(`${text}\n`));
      this.#row = row;
    });
    this.#saving = saving.catch(() => undefined);
    return saving;
  }
}

function pick({ formatVersion, clusterId, nodeId, incarnation, epoch }: IdentityRow): IdentityRow {
  return { formatVersion, clusterId, nodeId, incarnation, epoch };
}

function parse(bytes: Uint8Array, path: string): IdentityRow {
  const mismatch = (what: string) => new CairnError('DATA_DIR_MISMATCH', `${path} ${what}`);
  let row: Partial<IdentityRow>;
  try {
    row = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new CairnError('DATA_DIR_MISMATCH', `${path} cannot be read`, { cause });
  }
  if (row.formatVersion !== IDENTITY_VERSION) {
    throw mismatch(`has format version ${row.formatVersion}: this program writes ${IDENTITY_VERSION}`);
  }
  const numbers = [row.incarnation, row.epoch].every((number) => Number.isSafeInteger(number) && Number(number) >= 0);
  if (typeof row.clusterId !== 'string' || typeof row.nodeId !== 'string' || !numbers) throw mismatch('is incomplete');
  return pick({ ...(row as IdentityRow), nodeId: parseNodeId(row.nodeId) });
}
