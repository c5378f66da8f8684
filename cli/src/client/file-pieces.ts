/** A local file as a body: read piece by piece, from its start each time somebody begins to read it. */
import * as fs from 'node:fs';

const PIECE_BYTES = 1024 * 1024;

/** Opened when it is read: a file that cannot be fails the reader, and nobody else. */
export function filePieces(file: string): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => pieces(file) };
}

async function* pieces(file: string): AsyncGenerator<Uint8Array, void> {
  const handle = await fs.promises.open(file, 'r');
  try {
    for (;;) {
      // A fresh one each time: the reader may still hold the last.
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
