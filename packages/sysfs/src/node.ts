/** What a path of sysfs can be. */
import type { Command, Errno } from '@apledger/events';

/** Why an access fails. */
export interface Failed {
  readonly errno: Errno;
  readonly explanation: string;
}

export interface Attribute {
  readonly kind: 'attribute';
  /** Permission bits, 0o644 for instance. */
  readonly mode: number;
  /** The file's content now, or why there is none. EACCES without a read bit, also for root (driver-rules 1). */
  read(): string | Failed;
  /**
   * What a store of this text asks for: a command, or an errno; undefined only for no bytes at all, which never arrive. One character
   * is one byte; at most 4096 of them arrive. EACCES without a write bit, also for root.
   */
  write(text: string): { readonly command: Command } | Failed | undefined;
}

export interface Directory {
  readonly kind: 'directory';
  /** Names of the entries, sorted. */
  list(): readonly string[];
}

export interface Link {
  readonly kind: 'link';
  /** Relative to the directory of the link, as readlink prints it. */
  readonly target: string;
}

export type Node = Attribute | Directory | Link;
