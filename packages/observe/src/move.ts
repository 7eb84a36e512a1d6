/** One difference between a host and what was seen of it: the commands that may have caused it, and the facts that say it as it is. */
import type { Command, Evidence, Fact } from '@apledger/events';
import type { HostState } from '@apledger/host';
import type { Snapshot } from './snapshot.ts';

export interface Move {
  /** The same for the same difference. */
  readonly key: string;
  /** What was done, for a person. */
  readonly says: string;
  readonly commands: readonly Command[];
  /** The file that is written for it, below the root of sysfs. */
  readonly file?: string | undefined;
  readonly mdev?: string | undefined;
  readonly evidence?: readonly Evidence[];
  /** A removal may wait. */
  readonly mayBlock?: boolean;
  /** Other differences may be gone after it. */
  readonly isWide?: boolean;
  /** Facts that make the host what was seen, where the rules refuse the commands or they do something else. */
  readonly asSeen: (state: HostState) => readonly Fact[];
  /** What of the host the rules would have otherwise, and how; undefined when the rules say nothing about it. */
  readonly drift?: Drift | undefined;
}

export interface Drift {
  readonly what: string;
  readonly mdev?: string | undefined;
  readonly predicted: string;
  readonly actual: string;
}

/** The differences of one kind. */
export type Stage = (state: HostState, seen: Snapshot, strategy: Strategy) => readonly Move[];

/** In which order changes that were seen together are taken, and by which file: several may lead to the same masks. */
export interface Strategy {
  /** Whether the whole matrix of this mdev is written to ap_config. */
  readonly configured: (uuid: string) => boolean;
  readonly domainsFirst: boolean;
  readonly reverse: boolean;
}
