/** S3's bucket naming rules: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
import { LIMITS } from '@cairn/core';

const RESERVED_PREFIXES = ['xn--', 'sthree-', 'amzn-s3-demo-'];
const RESERVED_SUFFIXES = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'];
const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/** @returns What is wrong with a bucket's name, or undefined when it is fine. */
export function bucketNameProblem(name: string): string | undefined {
  if (name.length < LIMITS.bucketNameLengthMin || name.length > LIMITS.bucketNameLengthMax) {
    return `a bucket name has ${LIMITS.bucketNameLengthMin} to ${LIMITS.bucketNameLengthMax} characters`;
  }
  if (!/^[a-z0-9.-]*$/.test(name)) return 'a bucket name consists of a-z, 0-9, dots and hyphens';
  if (!/^[a-z0-9].*[a-z0-9]$/.test(name)) return 'a bucket name begins and ends with a letter or a digit';
  if (name.includes('..')) return 'a bucket name has no two dots side by side';
  if (IPV4.test(name)) return 'a bucket name must not look like an IP address';
  if (RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix)))
    return 'the bucket name begins with a reserved prefix';
  if (RESERVED_SUFFIXES.some((suffix) => name.endsWith(suffix))) return 'the bucket name ends with a reserved suffix';
  return undefined;
}
