/** A data folder on a disk in memory, opened and crashed as often as a test likes, with chunks that can be told apart. */
import {
  blockChecksums,
  type ChunkId,
  chunkId,
  firstBadBlock,
  type PutChunkRequest,
  type SessionId,
  silentLog,
  type VolumeId,
  versionId,
} from '@cairn/core';
import { MemoryDisk, VirtualClock } from '@cairn/core/testing';
import { IndexWriter } from '../index/index-writer.ts';
import { MemoryIndexStore } from '../index/memory-index.ts';
import { readPiece } from '../volume/chunk-file.ts';
import type { Volume } from '../volume/volume.ts';
import { Volumes } from '../volume/volumes.ts';

export const VOLUME = 1 as VolumeId;
export const VOLUME_FILE = '/data/volumes/00000001.vol';
const SESSION = 77 as SessionId;

export function idOf(number: number): ChunkId {
  return chunkId(SESSION, number);
}

/** Bytes that say whose they are. */
export function payloadOf(number: number, length: number): Buffer {
  const bytes = Buffer.alloc(length, `<${number}>`);
  for (let at = 0; at < length; at += 512) bytes[at] = (at >> 9) & 0xff;
  return bytes;
}

export function putOf(number: number, length: number, change: Partial<PutChunkRequest> = {}): PutChunkRequest {
  const payload = change.payload ?? payloadOf(number, length);
  return {
    volumeId: VOLUME,
    generation: 1,
    chunkId: idOf(number),
    versionId: versionId(SESSION, number),
    chunkIndex: 0,
    blockChecksums: blockChecksums(idOf(number), payload),
    payload,
    ...change,
  };
}

export class VolumeBench {
  disk: MemoryDisk;
  readonly clock = new VirtualClock();
  readonly store = new MemoryIndexStore();
  readonly volumeBytes: number;
  syncs = 0;
  #writer: IndexWriter | undefined;

  constructor({ disk = new MemoryDisk(), volumeBytes = 64 * 1024 * 1024 } = {}) {
    this.disk = disk;
    this.volumeBytes = volumeBytes;
  }

  async open(): Promise<Volumes> {
    const { disk, clock, volumeBytes } = this;
    await disk.makeDirectory('/data');
    const index = this.store.open();
    const writer = new IndexWriter({ index, clock, log: silentLog });
    this.#writer = writer;
    const onSync = () => {
      this.syncs += 1;
    };
    return Volumes.open({ folder: '/data/volumes', disk, clock, log: silentLog, index, writer, volumeBytes, onSync });
  }

  /** Opens with one empty volume in it. */
  async openWithVolume(): Promise<Volume> {
    const volumes = await this.open();
    await volumes.create(VOLUME, 1);
    return volumes.get(VOLUME);
  }

  /** Everything that is durable goes into the index now. */
  async writeIndex(): Promise<void> {
    await this.#writer?.close();
  }

  /** The process is killed: what it wrote stays, what it would still write does not come. */
  kill({ indexWritesLost = 0 } = {}): void {
    this.disk = this.disk.handOver();
    this.store.crash(indexWritesLost);
  }

  powerCut({ torn = false, indexWritesLost = 0 } = {}): void {
    if (!this.disk.isOff) this.disk.powerCut({ torn });
    this.disk.powerOn();
    this.store.crash(indexWritesLost);
  }

  /** Killed, started again, and the volume as it is found then. */
  async reopened(options: { indexWritesLost?: number } = {}): Promise<Volume> {
    this.kill(options);
    return (await this.open()).get(VOLUME);
  }

  async fileBytes(): Promise<number> {
    return (await this.disk.readFile(VOLUME_FILE))?.length ?? 0;
  }
}

/** The whole chunk, verified as a reader does. @throws CHUNK_NOT_FOUND, CHUNK_CORRUPT. */
export async function readChunk(volume: Volume, chunk: ChunkId): Promise<Buffer> {
  const entry = volume.locate(chunk);
  const piece = await readPiece(volume.file, {
    chunkId: chunk,
    entry,
    from: 0,
    to: entry.payloadBytes,
    room: Buffer.allocUnsafeSlow,
  });
  if (piece === undefined) throw new Error(`the head of ${chunk} does not verify`);
  const bad = firstBadBlock({ id: chunk, bytes: piece.payload, checksums: piece.blockChecksums });
  if (bad >= 0) throw new Error(`block ${bad} of ${chunk} does not verify`);
  return Buffer.from(piece.payload);
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error: { code?: string }) => error.code ?? String(error),
  );
}
