/** What was seen of a host at one moment. */
import type { ObservedHost, Problem } from '@apledger/capture';
import type { MdevUse } from './guests.ts';

export interface Snapshot {
  /** What its files say. Its `guests` are not used: see `uses`. */
  readonly host: ObservedHost;
  readonly problems: readonly Problem[];
  /** Boot id of the kernel. */
  readonly boot: string;
  /** False: something changed each time that it was read. */
  readonly settled: boolean;
  /** Mdevs that went away and came back since the snapshot before. */
  readonly recreated: ReadonlySet<string>;
  readonly guests: Guests;
}

export interface Guests {
  /** Who has which mdev open, by UUID. */
  readonly uses: ReadonlyMap<string, MdevUse>;
  /** Mdevs of which nothing says whether somebody has them open. */
  readonly unknown: ReadonlySet<string>;
  /** Names of the guests that run, with or without an mdev. */
  readonly running: ReadonlySet<string>;
}

/** A watch fired: somebody opened the file for writing, or wrote to it. */
export interface Hint {
  /** Below the root of sysfs: `bus/ap/apmask`. */
  readonly file: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

export const MATRIX = 'devices/vfio_ap/matrix';
export const CREATE = `${MATRIX}/mdev_supported_types/vfio_ap-passthrough/create`;
