/** `If-Match` and `If-None-Match`, judged against the state that the deciding transaction sees: that makes them exact. */
import { CairnError, type Precondition } from '@cairn/core';

/**
 * @param etag Of the object that is there, or undefined when there is none.
 * @throws PRECONDITION_FAILED
 */
export function checkPrecondition({ ifMatch, ifNoneMatch }: Precondition, etag: string | undefined): void {
  if (ifMatch !== '') {
    if (etag === undefined) throw new CairnError('PRECONDITION_FAILED', 'there is no object to match');
    if (ifMatch !== '*' && ifMatch !== etag) throw new CairnError('PRECONDITION_FAILED', 'the etag does not match');
  }
  if (ifNoneMatch !== '' && etag !== undefined) {
    if (ifNoneMatch === '*') throw new CairnError('PRECONDITION_FAILED', 'there is an object with this key');
    if (ifNoneMatch === etag) throw new CairnError('PRECONDITION_FAILED', 'the etag matches');
  }
}
