/** Changes by how far they are, and their states in words. */
import type { ChangeView } from '@apledger/api';
import type { Subject } from '@apledger/events';

type Status = ChangeView['status'];

/** Groups of the list; the first is shown unless another is chosen. */
export const CHANGE_GROUPS: readonly {
  readonly id: string;
  readonly label: string;
  readonly of: readonly Status[];
}[] = [
  { id: 'open', label: 'Open', of: ['proposed', 'approved', 'running', 'verifying', 'held', 'going-back'] },
  { id: 'waiting', label: 'To be judged', of: ['proposed'] },
  { id: 'held', label: 'Held', of: ['held'] },
  { id: 'done', label: 'Carried out', of: ['carried-out'] },
  {
    id: 'ended',
    label: 'Ended otherwise',
    of: ['back', 'refused', 'withdrawn', 'stopped', 'expired', 'left'],
  },
];

/** The group of an address; undefined = all. */
export const changeGroupOf = (id: string | undefined) =>
  id === 'all' ? undefined : (CHANGE_GROUPS.find((group) => group.id === id) ?? CHANGE_GROUPS[0]);

/** `going-back` as `going back`. */
export const statusWords = (status: Status): string => status.replaceAll('-', ' ');

/** `anna`; null = who has the log itself. */
export const whoText = (subject: Subject | null): string => subject?.subject ?? 'the owner of the log';
/** `https://idp.example#anna`, for titles: two issuers may have an anna each. */
export const subjectTitle = (subject: Subject | null): string | undefined =>
  subject === null ? undefined : `${subject.issuer}#${subject.subject}`;
