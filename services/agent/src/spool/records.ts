/**
 * What the spool's file holds: one record a line, `CHECKSUM JSON\n`.
 *
 * The first record is a `Start`, the whole of what is known. Each one after it is one step further. A record counts when its line is
 * whole and its checksum right.
 */
import { createHash } from 'node:crypto';
import type { Commit } from '@apledger/agent-protocol';
import type { Command } from '@apledger/events';

/** A command that the agent has begun: it may have reached the kernel. */
export interface Begun {
  readonly request: string;
  /** For who reads the file; unknown where only its settlement is left. */
  readonly command?: Command;
  /** RFC 3339. */
  readonly begunAt: string;
}

/** Commits that were given up, and are not reported yet. */
export interface Dropped {
  readonly from: string;
  readonly to: string;
  readonly commits: number;
  readonly reason: string;
}

/** The host as the observer knows it, in a form of this machine. */
export interface KeptKnown {
  /** `HostState.toBytes()` in base64. */
  readonly state: string;
  readonly stateVersion: number;
  readonly seenAt: string | null;
  readonly boot: string | null;
}

export interface Start {
  readonly type: 'start';
  readonly version: 1;
  readonly epoch: number;
  /** Of the last commit that was made, and the last that the ledger has. */
  readonly last: number;
  readonly acknowledged: number;
  /** After all commits. */
  readonly known: KeptKnown;
  readonly unsent: readonly Commit[];
  readonly begun: readonly Begun[];
  readonly dropped: Dropped | null;
  /** What went wrong with the spool, and has not been reported yet. */
  readonly lost: string | null;
  /**
   * Commands that were requested at or before this revision and are not in `begun` may have been begun all the same: what was kept of them
   * is lost. Null = all that are open.
   */
  readonly trustedAfter: number | null;
}

export type Step =
  | {
      readonly type: 'commits';
      readonly commits: readonly Commit[];
      readonly seenAt: string | null;
      readonly boot: string | null;
    }
  | { readonly type: 'acknowledged'; readonly sequence: number }
  | { readonly type: 'begun'; readonly begun: Begun }
  | { readonly type: 'dropped'; readonly dropped: Dropped }
  | { readonly type: 'trusted'; readonly after: number };

export type SpoolRecord = Start | Step;

const CHECKSUM_DIGITS = 16;

const checksumOf = (json: string): string =>
  createHash('sha256').update(json).digest('hex').slice(0, CHECKSUM_DIGITS);

/** A line of the spool: a checksum, a space, the record as JSON. */
export function lineOf(record: SpoolRecord): string {
  const json = JSON.stringify(record);
  return `${checksumOf(json)} ${json}\n`;
}

/** Undefined for a line that is damaged. */
function recordOf(line: string): SpoolRecord | undefined {
  const json = line.slice(CHECKSUM_DIGITS + 1);
  if (line[CHECKSUM_DIGITS] !== ' ' || checksumOf(json) !== line.slice(0, CHECKSUM_DIGITS)) return undefined;
  return JSON.parse(json) as SpoolRecord;
}

export interface Read {
  readonly records: readonly SpoolRecord[];
  /** Up to the end of the last whole record, bytes. */
  readonly goodBytes: number;
  /** `torn`: the last record was never finished. `corrupt`: one before the last is damaged, and what follows is not read. */
  readonly damage: 'none' | 'torn' | 'corrupt';
}

/** The records of a file, up to the first one that is damaged. */
export function readRecords(bytes: Buffer): Read {
  const records: SpoolRecord[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(0x0a, at);
    const record = end < 0 ? undefined : recordOf(bytes.toString('utf8', at, end));
    if (record === undefined) {
      // Writers of one record at a time leave at most one unfinished, and nothing behind it.
      const isLast = end < 0 || end === bytes.length - 1;
      return { records, goodBytes: at, damage: isLast ? 'torn' : 'corrupt' };
    }
    records.push(record);
    at = end + 1;
  }
  return { records, goodBytes: at, damage: 'none' };
}
