/** Which storage nodes failed a moment ago. Only a hint for order and patience, never a reason to do without a node. */
import type { Clock, NodeId } from '@cairn/core';

const REMEMBERED_MS = 3000;

export class NodeHealth {
  readonly #clock: Clock;
  readonly #failingUntilMs = new Map<NodeId, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  failed(nodeId: NodeId): void {
    this.#failingUntilMs.set(nodeId, this.#clock.monotonic() + REMEMBERED_MS);
  }

  readonly isFailing = (nodeId: NodeId): boolean => {
    if (this.#failingUntilMs.size === 0) return false;
    const untilMs = this.#failingUntilMs.get(nodeId);
    if (untilMs === undefined) return false;
    if (untilMs > this.#clock.monotonic()) return true;
    this.#failingUntilMs.delete(nodeId);
    return false;
  };
}
