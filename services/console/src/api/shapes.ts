/** What the service answers, as far as the page reads it (docs/http-api.md). */
import type { HostViewJson } from '@apledger/projections/host';

export interface HostHead {
  readonly host: string;
  readonly revision: number;
  readonly position: number;
  readonly occurredAt: string;
}

export interface HostPage {
  readonly hosts: readonly HostHead[];
  /** Ask on after this host; null = that was all. */
  readonly next: string | null;
  /** Of the last fact of the log that counted. */
  readonly position: number;
}

/** A fact as the log recorded it. */
export interface RecordedFact {
  readonly id: string;
  readonly host: string;
  readonly revision: number;
  readonly position: number;
  readonly type: string;
  readonly version: number;
  readonly occurredAt: string;
  readonly actor: string;
  readonly cause: string;
  readonly correlation: string;
  readonly data: { readonly [key: string]: unknown };
}

export interface FactsPage {
  readonly events: readonly RecordedFact[];
  /** Ask on after this position. */
  readonly after: number;
  readonly isEnd: boolean;
}

export interface Refusal {
  readonly errno: string;
  readonly explanation: string;
  readonly conflicts: readonly { readonly queue: string; readonly holder: string }[];
  readonly remedy: string;
}

export type Holder =
  | { readonly kind: 'host' | 'nobody' }
  | { readonly kind: 'guest'; readonly guest: string | null; readonly mdev: string };

/** The fact at which custody changed. */
export interface Boundary {
  readonly position: number;
  readonly revision: number;
  readonly occurredAt: string;
  readonly type: string;
  readonly commandId: string;
  readonly actor: string;
}

export interface CustodyInterval {
  readonly apqn: string;
  readonly holder: Holder;
  readonly from: Boundary | null;
  /** null = still so. */
  readonly until: Boundary | null;
  /** Whether the queue was reset since the holder before let go; null = there was none before. */
  readonly resetBefore: boolean | null;
  readonly reset: Boundary | null;
}

export interface CustodyReport {
  readonly host: string;
  readonly apqn: string;
  readonly position: number;
  readonly intervals: readonly CustodyInterval[];
}

/** What a guest loses or gains. */
export interface Share {
  readonly guest: string | null;
  readonly mdev: string;
  readonly queues: readonly string[];
  readonly controlDomains: readonly number[];
}

export interface TriedStep {
  readonly step: string;
  /** `blocked`: it would be under way until a guest lets go. `nothing`: it is so already. */
  readonly outcome: 'done' | 'refused' | 'blocked' | 'nothing';
  /** What would be given to the host. */
  readonly commands: readonly { readonly type: string }[];
  readonly facts: readonly { readonly type: string; readonly data: object }[];
  readonly refusal?: Refusal;
}

export interface WhatIf {
  readonly host: string;
  readonly at: { readonly revision: number; readonly position: number };
  readonly steps: readonly TriedStep[];
  readonly hostQueues: { readonly lost: readonly string[]; readonly gained: readonly string[] };
  readonly before: HostViewJson;
  readonly after: HostViewJson;
  readonly lost: readonly Share[];
  readonly gained: readonly Share[];
}

export interface Receipt {
  readonly host: string;
  readonly commandId: string;
  readonly revision: number;
  readonly isDuplicate: boolean;
  readonly isBlocked: boolean;
}
