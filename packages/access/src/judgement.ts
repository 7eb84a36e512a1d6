/** Who may judge a change, and whether it may still go ahead. Texts are for people: the thing, the reason, the remedy. */
import { type Subject, subjectText } from '@apledger/events';
import type { Change } from './change.ts';
import { approversFrom } from './four-eyes.ts';
import { may, whyNot } from './may.ts';
import type { AccessState } from './state.ts';
import { sameSubject } from './subject.ts';

/**
 * Everybody whose hand may be in what comes under the subject's name: himself, and who made a token or key of his, and so has
 * seen its secret. Two of a change may share none of them.
 */
export function handsOf(state: AccessState, subject: Subject): readonly Subject[] {
  const makers = state.credentials
    .values()
    .flatMap(({ kind, subject: of, madeBy }) =>
      kind !== 'session' && madeBy !== undefined && sameSubject(of, subject) ? [madeBy] : [],
    );
  return [subject, ...makers];
}

/** Why the subject may not approve the change; undefined when he may. */
export function whyNotApprove(
  state: AccessState,
  change: Change,
  subject: Subject,
  at: string,
): string | undefined {
  const { host, change: id } = change.proposal;
  const { proposedBy } = change;
  if (proposedBy === undefined) return `it is not known who proposed change ${id}: propose it again`;
  if (sameSubject(subject, proposedBy))
    return `${subjectText(subject)} proposed change ${id}: somebody else has to approve it`;
  if (!may(state, subject, 'approve', host, at)) return whyNot(state, subject, 'approve', host, at);
  const shared = handsOf(state, proposedBy).find((hand) =>
    handsOf(state, subject).some((other) => sameSubject(hand, other)),
  );
  if (shared !== undefined)
    return `${subjectText(shared)} stands behind the proposal of change ${id} and behind ${subjectText(subject)}: somebody else has to approve it`;
  const issuers = approversFrom(state.rules, host);
  if (issuers.length > 0 && !issuers.includes(subject.issuer))
    return `changes of host ${host} are approved by subjects of ${issuers.join(' or ')}, not by ${subjectText(subject)}`;
  return undefined;
}

/** Why an approved change may not be begun any more; undefined when it may. */
export function whyNotGo(state: AccessState, change: Change, at: string): string | undefined {
  const { change: id, until } = change.proposal;
  if (until !== null && at >= until) return `change ${id} was to be carried out before ${until}`;
  return whyNotGoOn(state, change, at);
}

/** Why an approved change that was begun in time may not go on; undefined when it may. */
export function whyNotGoOn(state: AccessState, change: Change, at: string): string | undefined {
  const { proposal, proposedBy, approvals } = change;
  const { host, change: id, work, effect } = proposal;
  if (proposedBy === undefined) return `it is not known who proposed change ${id}`;
  if (!may(state, proposedBy, 'propose', host, at))
    return `who proposed it may not any more: ${whyNot(state, proposedBy, 'propose', host, at)}`;
  const counts = approvals.some(
    (approval) =>
      approval.work === work &&
      approval.effect === effect &&
      whyNotApprove(state, change, approval.by, at) === undefined,
  );
  return counts ? undefined : `change ${id} has no approval that still counts`;
}
