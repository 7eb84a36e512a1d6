/** What the service answers about custody and what-if. */
import type { Command, Refusal } from '@apledger/client';
import type { HostViewJson } from '@apledger/projections/host';

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
  readonly commands: readonly Command[];
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
