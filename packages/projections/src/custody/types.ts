/** What custody says, as plain data that can be printed as JSON. Queues are named like 05.0047. */
import type { Head, Moment } from '@apledger/event-log';
import type { Generation } from '@apledger/events';

/** Who could use a queue: the host (zcrypt is bound to it), a guest (it is in the effective matrix of a running guest), or nobody. */
export type Holder =
  | { readonly kind: 'host' }
  /** `guest` null = something that is no KVM guest. */
  | { readonly kind: 'guest'; readonly guest: string | null; readonly mdev: string }
  | { readonly kind: 'nobody' };

/** The fact behind a boundary, and the command that caused it. */
export interface Boundary {
  readonly position: number;
  readonly revision: number;
  /** RFC 3339, UTC, with milliseconds. */
  readonly occurredAt: string;
  readonly type: string;
  readonly commandId: string;
  readonly actor: string;
}

/** A time in which the same could use a queue. It begins and ends between commits. */
export interface Custody {
  readonly holder: Holder;
  /** Others who could use it all the while; empty but for a hole of 2019-v2 (driver-rules 8) and for what 5.10 takes
   * from a running guest (driver-rules-older 3). */
  readonly sharedWith: readonly Holder[];
  /** The fact that gave it, null = since before the first fact. */
  readonly from: Boundary | null;
  /** The fact that took it, null = still so. */
  readonly until: Boundary | null;
  /** Whether it was reset, or zeroized from outside, after the holder before had let go (of nobody: until somebody got it); null = nobody ever had it before. */
  readonly resetBefore: boolean | null;
  /** The one that counts, the first that succeeded: a QueueReset (by vfio_ap, the bus or an administrator) or a QueueZeroized. */
  readonly reset: Boundary | null;
}

export interface CustodyInterval extends Custody {
  readonly apqn: string;
}

export interface CustodyReport {
  readonly host: string;
  readonly apqn: string;
  /** The last fact of the host that counts, 0 = none. */
  readonly position: number;
  readonly intervals: readonly CustodyInterval[];
}

/** From the start of a guest on an mdev to its end; stopped null = still running. */
export interface GuestRun {
  readonly mdev: string;
  readonly started: Boundary;
  readonly stopped: Boundary | null;
}

export interface GuestHistory {
  readonly host: string;
  readonly guest: string;
  readonly position: number;
  readonly runs: readonly GuestRun[];
  /** By queue, then by time. */
  readonly queues: readonly CustodyInterval[];
}

/** Where one could meet what another left, or reach what is another's. */
export type Exposure =
  /** A guest's queue came to another guest or to the host, and nothing had reset it. */
  | {
      readonly kind: 'unreset-handover';
      readonly host: string;
      readonly apqn: string;
      readonly from: Holder;
      readonly to: Holder;
      readonly at: Boundary;
    }
  /** Several could use a queue at the same time. */
  | {
      readonly kind: 'shared-queue';
      readonly host: string;
      readonly apqn: string;
      readonly holders: readonly Holder[];
      readonly since: Boundary;
      readonly until: Boundary | null;
    }
  /** At the end of the range a guest has stopped, and its mdev keeps queues from everybody else. */
  | {
      readonly kind: 'stopped-guest-keeps-queues';
      readonly host: string;
      readonly mdev: string;
      readonly guest: string | null;
      readonly queues: readonly string[];
      readonly since: Boundary;
    }
  /** At the end of the range several running guests can control the same domain. */
  | {
      readonly kind: 'shared-control-domain';
      readonly host: string;
      readonly domain: number;
      readonly guests: readonly { readonly guest: string | null; readonly mdev: string }[];
      readonly since: Boundary;
    };

/** What overlaps this span; undefined = from the beginning, up to now. A commit that a moment falls into counts in whole. */
export interface Range {
  readonly from?: Moment | undefined;
  readonly to?: Moment | undefined;
}

/** Queues that had the same custody, from the same facts to the same facts. */
export interface CustodyGroup extends Custody {
  readonly queues: readonly string[];
}

export interface NamedRun extends GuestRun {
  readonly guest: string | null;
}

/** One host's part of an audit report. */
export interface HostAudit {
  readonly host: string;
  /** Null when the host was not registered in the span. */
  readonly driver: Generation | null;
  readonly position: number;
  readonly exposures: readonly Exposure[];
  readonly runs: readonly NamedRun[];
  /** In the order of their beginnings. */
  readonly custody: readonly CustodyGroup[];
}

/** What a report was asked for; null = no limit. */
export interface AuditScope {
  readonly host: string | null;
  readonly guest: string | null;
  readonly from: Moment | null;
  readonly to: Moment | null;
}

/** An audit report. It holds no time of its making: the same log and scope give the same report. */
export interface AuditReport {
  readonly scope: AuditScope;
  /** The last fact of each host that counts: what the report rests on, for `apledger verify --heads`. */
  readonly heads: readonly Head[];
  readonly hosts: readonly HostAudit[];
}
