/** What an object's key may be: S3's rules, byte for byte; a key is never a path. */
import { CairnError, LIMITS } from '@cairn/core';

/** @throws OBJECT_KEY_INVALID */
export function checkObjectKey(key: string): void {
  // A character is at least one byte, so a long text needs no encoding to be refused.
  const tooLong = key.length > LIMITS.keyBytesMax || Buffer.byteLength(key, 'utf8') > LIMITS.keyBytesMax;
  if (key === '' || tooLong) {
    throw new CairnError('OBJECT_KEY_INVALID', `a key has 1 to ${LIMITS.keyBytesMax} bytes of UTF-8`);
  }
  if (!key.isWellFormed()) throw new CairnError('OBJECT_KEY_INVALID', 'the key is not valid UTF-8');
}
