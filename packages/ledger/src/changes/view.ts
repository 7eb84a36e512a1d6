/** A change as it is shown to somebody. */
import { type Change, isOpenChange, whyNotApprove } from '@apledger/access';
import type { ChangeView } from '@apledger/api';
import type { Caller } from '../access/caller.ts';
import type { LogLedger } from '../log-ledger.ts';

export function changeView(
  { access, isControlled }: LogLedger,
  change: Change,
  caller: Caller | undefined,
): ChangeView {
  const { proposal, proposedBy = null, proposedAt, approvals, endedAt, endedBy = null, reason } = change;
  const { at, state } = access;
  const isOpen = isOpenChange(change, at);
  const whyNot = !isOpen
    ? 'nobody has to judge it any more'
    : caller === undefined
      ? isControlled
        ? 'sign in'
        : 'where access is not controlled nobody can be told from another'
      : whyNotApprove(state, change, caller.subject, at);
  const { content, host, until, work, effect } = proposal;
  return {
    change: proposal.change,
    host,
    status: change.status === 'proposed' && !isOpen ? 'expired' : change.status,
    reason: proposal.reason,
    proposedBy,
    proposedAt,
    until,
    work,
    effect,
    commands: 'commands' in content ? content.commands : null,
    approvals: approvals.map(({ by, at }) => ({ by, at })),
    ended: endedAt === undefined ? null : { by: endedBy, at: endedAt, reason: reason ?? null },
    mayApprove: whyNot === undefined,
    whyNot: whyNot ?? null,
  };
}
