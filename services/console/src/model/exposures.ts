/** Exposures in words. */
import { formatApqi } from '@apledger/ap';
import type { Boundary, Exposure } from '@apledger/api';
import { holderName } from './custody.ts';
import { formatTime } from './moment.ts';
import { someNames } from './names.ts';

export const KINDS = [
  { id: 'unreset-handover', label: 'Not reset' },
  { id: 'shared-queue', label: 'Shared queues' },
  { id: 'stopped-guest-keeps-queues', label: 'Kept by stopped guests' },
  { id: 'shared-control-domain', label: 'Shared control' },
  { id: 'drift', label: 'Against the rules' },
] as const satisfies readonly { readonly id: Exposure['kind']; readonly label: string }[];

/** The kind of an address; undefined = all. */
export const kindOf = (text: string | undefined): Exposure['kind'] | undefined =>
  KINDS.find(({ id }) => id === text)?.id;

/** The fact with which it began. */
export const momentOf = (exposure: Exposure): Boundary => ('at' in exposure ? exposure.at : exposure.since);

export function exposureText(exposure: Exposure): string {
  switch (exposure.kind) {
    case 'unreset-handover':
      return `${exposure.apqn} went from ${holderName(exposure.from)} to ${holderName(exposure.to)} without a reset.`;
    case 'shared-queue': {
      const { apqn, holders, until } = exposure;
      const end = until === null ? 'still so' : `until ${formatTime(Date.parse(until.occurredAt))}`;
      return `${apqn} could be used by ${holders.map(holderName).join(' and ')} at the same time, ${end}.`;
    }
    case 'stopped-guest-keeps-queues': {
      const { guest, mdev, queues, since } = exposure;
      const who = guest === null ? 'A user that is no KVM guest' : `Guest ${guest}`;
      const what = since.type === 'MdevDetached' ? 'runs on without its mdev' : 'has stopped';
      return `${who} ${what}, and mdev ${mdev.slice(0, 8)} keeps ${someNames(queues)}.`;
    }
    case 'shared-control-domain': {
      const names = exposure.guests.map(({ guest, mdev }) => guest ?? `mdev ${mdev.slice(0, 8)}`);
      return `${names.join(' and ')} can control the same domain ${formatApqi(exposure.domain)}.`;
    }
    case 'drift': {
      const { what, mdev, actual, predicted } = exposure;
      const where = mdev === null ? what : `${what} of mdev ${mdev.slice(0, 8)}`;
      return `${where} is ${actual}; by the rules of the driver it would be ${predicted}.`;
    }
  }
}
