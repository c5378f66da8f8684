/**
 * The replicas of this node: `volumes/<id, 8 hex digits>.vol`, all open for as long as the process lives. A new file is
 * acknowledged only after its first record, and then its name, are durable.
 */
import { CairnError, type Clock, type Disk, failpoint, type Log, parseVolumeId, type VolumeId } from '@cairn/core';
import { encodeHead, HEAD_BYTES_MIN, NO_CHUNK, NO_VERSION } from '../format/record.ts';
import type { ChunkIndex } from '../index/chunk-index.ts';
import type { IndexWriter } from '../index/index-writer.ts';
import { Segments } from '../log/segments.ts';
import { VolumeLog } from '../log/volume-log.ts';
import { Entries } from './entries.ts';
import { type Recovered, recoverVolume } from './recover.ts';
import { Volume } from './volume.ts';

export interface VolumesOptions {
  folder: string;
  disk: Disk;
  clock: Clock;
  log: Log;
  index: ChunkIndex;
  writer: IndexWriter;
  volumeBytes: number;
  onSync: (durationMs: number, records: number) => void;
  /** Told when a replica has failed. */
  onFailure?: () => void;
}

const FILE_NAME = /^([0-9a-f]{8})\.vol$/;

export class Volumes {
  readonly #options: VolumesOptions;
  readonly #segments = new Segments();
  readonly #volumes = new Map<VolumeId, Volume>();
  readonly #creating = new Map<VolumeId, Promise<void>>();

  private constructor(options: VolumesOptions) {
    this.#options = options;
  }

  /** Opens and recovers all replicas in the folder. */
  static async open(options: VolumesOptions): Promise<Volumes> {
    const volumes = new Volumes(options);
    await options.disk.makeDirectory(options.folder);
    for (const name of await options.disk.list(options.folder)) {
      const match = FILE_NAME.exec(name);
      if (match !== null) await volumes.#reopen(parseVolumeId(Number.parseInt(match[1] as string, 16)));
    }
    await volumes.#forgetMissing();
    return volumes;
  }

  /** @throws VOLUME_NOT_FOUND. */
  get(id: VolumeId): Volume {
    const volume = this.#volumes.get(id);
    if (volume === undefined) throw new CairnError('VOLUME_NOT_FOUND');
    return volume;
  }

  find(id: VolumeId): Volume | undefined {
    return this.#volumes.get(id);
  }

  all(): Iterable<Volume> {
    return this.#volumes.values();
  }

  get count(): number {
    return this.#volumes.size;
  }

  get usedBytes(): number {
    let bytes = 0;
    for (const volume of this.#volumes.values()) bytes += volume.logBytes;
    return bytes;
  }

  /** Makes an empty replica; one that is there already gets the generation. */
  async create(id: VolumeId, generation: number): Promise<void> {
    while (this.#creating.has(id)) await this.#creating.get(id);
    const existing = this.#volumes.get(id);
    if (existing !== undefined) return await existing.raiseGeneration(generation);
    const creating = this.#create(id, generation);
    this.#creating.set(
      id,
      creating.catch(() => undefined),
    );
    try {
      await creating;
    } finally {
      this.#creating.delete(id);
    }
  }

  async close(): Promise<void> {
    for (const volume of this.#volumes.values()) await volume.close();
  }

  async #create(id: VolumeId, generation: number): Promise<void> {
    const { disk, folder, log, index } = this.#options;
    const file = await disk.open(this.#path(id), { create: true });
    try {
      await file.truncate(0);
      await file.write([firstRecord(id, generation)], 0);
      await file.sync();
      failpoint('volume.create.beforeDirSync');
      await disk.syncDirectory(folder);
    } catch (thrown) {
      await file.close();
      await disk.remove(this.#path(id)).catch(() => undefined);
      throw thrown;
    }
    const entries = new Entries({ volumeId: id, index });
    this.#add(id, file, { entries, end: HEAD_BYTES_MIN, generation, state: 'open', neverUsed: false });
    log.info({ volumeId: id, generation }, 'volume created');
  }

  async #reopen(id: VolumeId): Promise<void> {
    const { disk, index, log } = this.#options;
    const file = await disk.open(this.#path(id));
    const recovered = await recoverVolume({ volumeId: id, file, index, log });
    if (!recovered.neverUsed) return this.#add(id, file, recovered);
    await file.close();
    await disk.remove(this.#path(id));
    log.info({ volumeId: id }, 'removed what was left of a volume whose creation had not ended');
  }

  #add(id: VolumeId, file: Volume['file'], recovered: Recovered): void {
    const { clock, log, writer, volumeBytes, onSync } = this.#options;
    const { entries, end, generation, state } = recovered;
    const onFailure = (error: CairnError) => {
      log.error({ err: error, volumeId: id }, 'a volume failed on this node: it takes no more writes');
      volume.fail();
      this.#options.onFailure?.();
    };
    const volume: Volume = new Volume({
      id,
      file,
      log: new VolumeLog({ file, end, clock, segments: this.#segments, onSync, onFailure }),
      entries,
      generation,
      state,
      volumeBytes,
      onChange: (changed) => writer.touch(changed),
    });
    this.#volumes.set(id, volume);
  }

  /** Volumes that the index knows and the folder does not: somebody removed the files. */
  async #forgetMissing(): Promise<void> {
    const { index, log } = this.#options;
    for (const id of index.volumes()) {
      if (this.#volumes.has(id)) continue;
      log.error({ volumeId: id, file: this.#path(id) }, 'the file of a volume is missing: its replica is lost');
      await index.clear(id);
    }
  }

  #path(id: VolumeId): string {
    return `${this.#options.folder}/${id.toString(16).padStart(8, '0')}.vol`;
  }
}

function firstRecord(volumeId: VolumeId, generation: number): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES_MIN);
  encodeHead(bytes, 0, {
    type: 'volume',
    volumeId,
    chunkId: NO_CHUNK,
    versionId: NO_VERSION,
    chunkIndex: 0,
    payloadBytes: 0,
    generation,
    offset: 0,
    durable: 0,
    blockChecksums: new Uint8Array(0),
  });
  return bytes;
}
