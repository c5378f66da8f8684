/**
 * Where volumes are, as far as this client has heard: filled by grants and lookups, refreshed when a node says that it holds no
 * such replica or cannot be reached. Lookups of one turn share a message. A stale entry costs a detour, never a wrong byte.
 */
import { CairnError, type Clock, LIMITS, type VolumeId, type VolumeLocation } from '@cairn/core';
import type { MetadataChannel } from './metadata-channel.ts';

/** Node states change without a failed call telling, so entries are looked up again now and then. */
const MAX_AGE_MS = 60_000;
/** How often one volume is looked up at most because of failures. */
const REFRESH_PAUSE_MS = 1000;
const ENTRIES_MAX = 65_536;

interface Entry {
  location: VolumeLocation;
  heardAtMs: number;
}

interface Lookup {
  answer: Promise<VolumeLocation>;
  resolve: (location: VolumeLocation) => void;
  reject: (error: unknown) => void;
}

export class VolumeMap {
  readonly #metadata: MetadataChannel;
  readonly #clock: Clock;
  readonly #entries = new Map<VolumeId, Entry>();
  readonly #lookups = new Map<VolumeId, Lookup>();
  #unsent: VolumeId[] = [];

  constructor(metadata: MetadataChannel, clock: Clock) {
    this.#metadata = metadata;
    this.#clock = clock;
  }

  /** What is known without asking. */
  known(volumeId: VolumeId): VolumeLocation | undefined {
    return this.#entries.get(volumeId)?.location;
  }

  learn(locations: readonly VolumeLocation[]): void {
    const heardAtMs = this.#clock.monotonic();
    for (const location of locations) {
      this.#entries.delete(location.volumeId);
      this.#entries.set(location.volumeId, { location, heardAtMs });
    }
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= ENTRIES_MAX) break;
      this.#entries.delete(oldest);
    }
  }

  /** @throws VOLUME_NOT_FOUND when the leader knows no such volume. */
  refresh(volumeId: VolumeId): Promise<VolumeLocation> {
    return (this.#lookups.get(volumeId) ?? this.#startLookup(volumeId)).answer;
  }

  /** Looks the volume up in the background, unless that was done a moment ago. */
  doubt(volumeId: VolumeId, maxAgeMs = REFRESH_PAUSE_MS): void {
    const entry = this.#entries.get(volumeId);
    if (entry === undefined || this.#clock.monotonic() - entry.heardAtMs < maxAgeMs) return;
    this.refresh(volumeId).catch(() => undefined);
  }

  /** To be called now and then: what nothing contradicted may have changed all the same. */
  doubtIfOld(volumeId: VolumeId): void {
    this.doubt(volumeId, MAX_AGE_MS);
  }

  #startLookup(volumeId: VolumeId): Lookup {
    let settle: Pick<Lookup, 'resolve' | 'reject'> | undefined;
    const answer = new Promise<VolumeLocation>((resolve, reject) => {
      settle = { resolve, reject };
    });
    const lookup: Lookup = { answer, ...(settle as unknown as Pick<Lookup, 'resolve' | 'reject'>) };
    this.#lookups.set(volumeId, lookup);
    if (this.#unsent.length === 0) queueMicrotask(() => this.#sendAll());
    this.#unsent.push(volumeId);
    return lookup;
  }

  #sendAll(): void {
    const volumeIds = this.#unsent;
    this.#unsent = [];
    for (let at = 0; at < volumeIds.length; at += LIMITS.volumesPerLookupMax) {
      void this.#send(volumeIds.slice(at, at + LIMITS.volumesPerLookupMax));
    }
  }

  async #send(volumeIds: VolumeId[]): Promise<void> {
    try {
      const { volumes } = await this.#metadata.call('MetadataServer.LookupVolumes', { volumeIds });
      this.learn(volumes);
      const found = new Map(volumes.map((location) => [location.volumeId, location]));
      for (const volumeId of volumeIds) this.#settle(volumeId, found.get(volumeId) ?? notFound(volumeId));
    } catch (error) {
      for (const volumeId of volumeIds) this.#settle(volumeId, error as Error);
    }
  }

  #settle(volumeId: VolumeId, outcome: VolumeLocation | Error): void {
    const lookup = this.#lookups.get(volumeId);
    this.#lookups.delete(volumeId);
    if (outcome instanceof Error) lookup?.reject(outcome);
    else lookup?.resolve(outcome);
  }
}

function notFound(volumeId: VolumeId): CairnError {
  return new CairnError('VOLUME_NOT_FOUND', `the metadata server knows no volume ${volumeId}`);
}
