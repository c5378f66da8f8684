/** What can name an object. Checked before a body is read, because a key that is not valid Unicode would be stored as another one. */
import { CairnError, LIMITS } from '@cairn/core';

/** @throws OBJECT_KEY_INVALID */
export function checkKey(key: string): void {
  // A UTF-16 unit takes at most three bytes of UTF-8, so short keys need no count.
  const isShort = key.length * 3 <= LIMITS.keyBytesMax || Buffer.byteLength(key) <= LIMITS.keyBytesMax;
  if (key === '' || !isShort || !key.isWellFormed()) throw new CairnError('OBJECT_KEY_INVALID');
}
