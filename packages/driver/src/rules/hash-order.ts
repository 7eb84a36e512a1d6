/**
 * The order of a walk through the driver's table of an mdev's queues, a hash table of 256 buckets by APQN (driver-rules 6.9). It decides
 * which failure the VFIO_DEVICE_RESET ioctl of 6.1 reports: the last.
 */
import type { Apqn } from '@apledger/ap';

/** The kernel's hash_32 of 8 bits: the upper byte of a product. */
const GOLDEN_RATIO_32 = 0x61c88647;
const bucketOf = (queue: Apqn): number => Math.imul(queue, GOLDEN_RATIO_32) >>> 24;

/** Queues, given in the order in which they were linked; in one bucket the youngest comes first. */
export const hashOrder = (queues: readonly Apqn[]): readonly Apqn[] =>
  [...queues].reverse().sort((a, b) => bucketOf(a) - bucketOf(b));
