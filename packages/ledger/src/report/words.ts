/** Custody in words, as they are: whoever prints them makes them `visible`, and escapes in the way of the format. */
import { apidOf, apqiOf, formatApid, formatApqi, formatApqn, parseApqn } from '@apledger/ap';
import type { AuditScope, Boundary, Custody, Exposure, Holder } from '@apledger/api';
import type { Moment } from '@apledger/event-log';
import type { HostPart } from '@apledger/projections';

export function holderText(holder: Holder): string {
  if (holder.kind !== 'guest') return holder.kind;
  return `${guestText(holder.guest)} (mdev ${holder.mdev})`;
}

export const guestText = (guest: string | null): string =>
  guest === null ? 'no KVM guest' : `guest ${guest}`;

/** All who could use a queue in that time. */
export const holdersText = ({ holder, sharedWith }: Custody): string =>
  [holder, ...sharedWith].map(holderText).join(' and ');

/** One line; null = none. */
export function boundaryText(boundary: Boundary | null, none: string): string {
  if (boundary === null) return none;
  const { occurredAt, position, type, actor, commandId } = boundary;
  return `${occurredAt}, position ${position}: ${type} by ${actor}, command ${commandId}`;
}

/** Was it reset before? `-` where nobody had it before. */
export function resetText({ resetBefore, reset }: Custody): string {
  if (resetBefore === null) return '-';
  if (reset === null) return 'NO';
  return `${reset.type === 'QueueZeroized' ? 'zeroized' : 'yes'}, position ${reset.position}`;
}

/**
 * Queues in short: all adapters with the same domains together, runs of ids as `05-0a`. A single one by its name, `05.0047`; else
 * `05-06 x 0004, 0047`.
 */
export function queuesText(names: readonly string[]): string {
  const queues = names.flatMap((name) => parseApqn(name) ?? []).sort((a, b) => a - b);
  const [only] = queues;
  if (only !== undefined && queues.length === 1) return formatApqn(only);
  const domains = Map.groupBy(queues, apidOf);
  const products = Map.groupBy([...domains.keys()], (apid) =>
    runs((domains.get(apid) ?? []).map(apqiOf), formatApqi),
  );
  return [...products].map(([apqis, apids]) => `${runs(apids, formatApid)} x ${apqis}`).join('; ');
}

/** Ascending ids, neighbours as a run: 4, 5, 6, 9 is `04-06, 09`. */
function runs(ids: readonly number[], format: (id: number) => string): string {
  const found: [number, number][] = [];
  for (const id of ids) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === id - 1) last[1] = id;
    else found.push([id, id]);
  }
  return found.map(([a, b]) => (a === b ? format(a) : `${format(a)}-${format(b)}`)).join(', ');
}

/** What was found, in a sentence. */
export function exposureText(exposure: Exposure): string {
  switch (exposure.kind) {
    case 'unreset-handover': {
      const { apqn, from, to, at } = exposure;
      return `${apqn} went from ${holderText(from)} to ${holderText(to)} without a reset (${boundaryText(at, '')}).`;
    }
    case 'shared-queue': {
      const { apqn, holders, since, until } = exposure;
      const end = until === null ? '' : `, until ${boundaryText(until, '')}`;
      return `${apqn} could be used by ${holders.map(holderText).join(' and ')} at the same time (since ${boundaryText(since, '')}${end}).`;
    }
    case 'stopped-guest-keeps-queues': {
      const { guest, mdev, queues, since } = exposure;
      return since.type === 'MdevDetached'
        ? `${guestText(guest)} runs without mdev ${mdev}, which keeps ${queuesText(queues)} (since ${boundaryText(since, '')}).`
        : `${guestText(guest)} has stopped, and mdev ${mdev} keeps ${queuesText(queues)} (since ${boundaryText(since, '')}).`;
    }
    case 'shared-control-domain': {
      const { domain, guests, since } = exposure;
      const names = guests.map(({ guest, mdev }) => holderText({ kind: 'guest', guest, mdev })).join(' and ');
      return `${names} can control the same domain ${formatApqi(domain)} (since ${boundaryText(since, '')}).`;
    }
  }
}

/** What a report is about: label and value. */
export function scopeText({ host, guest, from, to }: AuditScope): readonly (readonly [string, string])[] {
  return [
    ['Hosts', host === null ? 'all' : host],
    ['Guests', guest === null ? 'all' : guest],
    ['From', from === null ? 'the first fact' : momentText(from)],
    ['To', to === null ? 'the last fact' : momentText(to)],
  ];
}

function momentText(moment: Moment): string {
  if ('time' in moment) return moment.time;
  return 'position' in moment ? `position ${moment.position}` : `revision ${moment.revision}`;
}

/** A table of a host's part; without rows, `none` is to be said. */
export interface Table {
  readonly title: string;
  readonly none: string;
  readonly columns: readonly string[];
  readonly rows: () => Iterable<readonly string[]>;
}

export const tablesOf = ({ runs, custody }: HostPart): readonly Table[] => [
  {
    title: 'Guests',
    none: 'None ran.',
    columns: ['guest', 'mdev', 'started', 'stopped'],
    rows: function* () {
      for (const { guest, mdev, started, stopped } of runs)
        yield [guestText(guest), mdev, boundaryText(started, ''), boundaryText(stopped, 'still running')];
    },
  },
  {
    title: 'Custody',
    none: 'Nobody ever had a queue.',
    columns: ['queues', 'who could use them', 'from', 'until', 'reset before'],
    rows: function* () {
      for (const { queues, ...one } of custody) {
        const [from, until] = [boundaryText(one.from, 'the beginning'), boundaryText(one.until, 'still so')];
        yield [queuesText(queues), holdersText(one), from, until, resetText(one)];
      }
    },
  },
];

export const TITLE = 'Custody of crypto queues: audit report';
export const HEADS_NOTE =
  'This report rests on the facts up to these. Save the block as a file, and `apledger verify --heads FILE` ' +
  'tells whether the log still holds exactly these facts.';
