/**
 * Block checksums of large chunks whose heads were verified a moment ago: a reader fetches such a chunk in pieces, and each piece after
 * the first is then one read instead of two.
 */
import type { VolumeId } from '@cairn/core';

const KEPT = 256;

export class HeadCache {
  readonly #checksums = new Map<string, Uint8Array>();

  get(volumeId: VolumeId, offset: number): Uint8Array | undefined {
    return this.#checksums.get(`${volumeId}/${offset}`);
  }

  set(volumeId: VolumeId, offset: number, blockChecksums: Uint8Array): void {
    if (this.#checksums.size >= KEPT) {
      const oldest = this.#checksums.keys().next();
      if (!oldest.done) this.#checksums.delete(oldest.value);
    }
    // A copy: the original lies in the buffer of a whole piece.
    this.#checksums.set(`${volumeId}/${offset}`, new Uint8Array(blockChecksums));
  }
}
