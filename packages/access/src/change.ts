/** A stream `change-<id>` folded: what was proposed, by whom, and what became of it. */
import type { LedgerFactData, Subject } from '@apledger/events';
import type { RecordedAccess } from './state.ts';

export interface Approval {
  readonly by: Subject;
  readonly at: string;
  readonly work: string;
  readonly effect: string;
}

export type ChangeStatus = 'proposed' | 'approved' | 'refused' | 'withdrawn' | 'carried-out' | 'stopped';

export interface Change {
  readonly proposal: LedgerFactData<'ChangeProposed'>;
  /** Undefined for a proposal that was written to the log itself. */
  readonly proposedBy: Subject | undefined;
  readonly proposedAt: string;
  readonly status: ChangeStatus;
  readonly approvals: readonly Approval[];
  /** What was said when it was refused, withdrawn or stopped. */
  readonly reason?: string;
  /** Who ended it, and when. */
  readonly endedBy?: Subject | undefined;
  readonly endedAt?: string;
  readonly commands?: readonly string[];
}

/** The change after one more fact of its stream; undefined before it was proposed. */
export function foldChange(
  change: Change | undefined,
  { fact, by, occurredAt }: RecordedAccess,
): Change | undefined {
  if (fact.type === 'ChangeProposed')
    return {
      proposal: fact.data,
      proposedBy: by,
      proposedAt: occurredAt,
      status: 'proposed',
      approvals: [],
    };
  if (change === undefined) return undefined;
  const ended = { endedBy: by, endedAt: occurredAt };
  switch (fact.type) {
    case 'ChangeApproved': {
      if (by === undefined) return change;
      const { work, effect } = fact.data;
      return {
        ...change,
        status: 'approved',
        approvals: [...change.approvals, { by, at: occurredAt, work, effect }],
      };
    }
    case 'ChangeRefused':
      return { ...change, ...ended, status: 'refused', reason: fact.data.reason };
    case 'ChangeWithdrawn':
      return { ...change, ...ended, status: 'withdrawn', reason: fact.data.reason };
    case 'ChangeStopped':
      return { ...change, ...ended, status: 'stopped', reason: fact.data.reason };
    case 'ChangeCarriedOut':
      return { ...change, ...ended, status: 'carried-out', commands: fact.data.commands };
    default:
      return change;
  }
}

/** Whether somebody still has to judge it. */
export const isOpenChange = ({ status, proposal }: Change, at: string): boolean =>
  status === 'proposed' && (proposal.until === null || at < proposal.until);
