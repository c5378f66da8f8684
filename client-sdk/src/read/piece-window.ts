/**
 * The pieces of a body in order, with a window of reads ahead of the consumer. Only what lies ahead takes room in the budget, and
 * only if there is some: the piece that the consumer waits for is always read, so slow consumers never stop others. Reading
 * ahead stops when the consumer stops.
 */
import { type ByteBudget, failpoint, LIMITS } from '@cairn/core';
import type { Piece } from './read-plan.ts';

export interface PieceWindowOptions {
  /** The verified bytes of the first piece. */
  first: Uint8Array;
  /** The pieces after it. */
  rest: Iterator<Piece>;
  read: (piece: Piece, signal: AbortSignal) => Promise<Uint8Array>;
  budget: ByteBudget;
  /** Aborted by whoever gives the body up; the generator aborts it as well when it is left. */
  abort: AbortController;
}

interface Ahead {
  bytes: Promise<Uint8Array>;
  giveBack: () => void;
}

export async function* pieceWindow(options: PieceWindowOptions): AsyncGenerator<Uint8Array, void> {
  const { rest, read, budget, abort } = options;
  const ahead: Ahead[] = [];
  let next = rest.next();
  const start = (piece: Piece, giveBack: () => void) => {
    const bytes = read(piece, abort.signal);
    // It is awaited in its turn; until then a failure is no unhandled one.
    bytes.catch(() => undefined);
    ahead.push({ bytes, giveBack });
    next = rest.next();
  };
  const readAhead = () => {
    while (next.done !== true && ahead.length < LIMITS.getPiecesInFlight) {
      const giveBack = budget.tryTake(next.value.length);
      if (giveBack === undefined) return;
      start(next.value, giveBack);
    }
  };
  try {
    readAhead();
    yield options.first;
    failpoint('get.midBlock');
    for (;;) {
      readAhead();
      if (ahead.length === 0 && next.done !== true) start(next.value, () => undefined);
      const head = ahead.shift();
      if (head === undefined) return;
      // From here on the bytes are the consumer's.
      const bytes = await head.bytes.finally(head.giveBack);
      readAhead();
      yield bytes;
    }
  } finally {
    abort.abort();
    for (const { giveBack } of ahead) giveBack();
  }
}
