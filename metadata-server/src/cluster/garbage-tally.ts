/** How many bytes are queued as garbage: summed once at the start, and with each commit that queues more. */
import { rows } from '../rows.ts';
import type { StoreKey } from '../store/metadata-store.ts';

export class GarbageTally {
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  apply(_key: StoreKey, value: Uint8Array | undefined): void {
    if (value !== undefined) this.#bytes += rows.garbage.decode(value).bytes;
  }
}
