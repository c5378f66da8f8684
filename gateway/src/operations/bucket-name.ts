/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; reserved prefixes are the metadata server's to refuse. */
import { LIMITS } from '@cairn/core';

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

export function isBucketName(name: string): boolean {
  const fits = name.length >= LIMITS.bucketNameLengthMin && name.length <= LIMITS.bucketNameLengthMax;
  return fits && /^[a-z0-9][a-z0-9.-]*[a-z0-9]$/.test(name) && !name.includes('..') && !IPV4.test(name);
}
