/** Custody in words, as they are: anyone who prints them makes them `visible`, and escapes in the way of the format. */
import { apidOf, apqiOf, formatApid, formatApqi, formatApqn, parseApqns } from '@apledger/ap';
import type { AuditReport, Boundary, Custody, Exposure, GuestRun, Holder, MayReach } from '@apledger/api';
import type { Moment } from '@apledger/event-log';
import { type HostPart, problemsText, type ReportParts } from '@apledger/projections';

/** `host`, `nobody`, or `guest web (mdev …)`. */
export function holderText(holder: Holder): string {
  if (holder.kind !== 'guest') return holder.kind;
  return `${guestText(holder.guest)} (mdev ${holder.mdev})`;
}

/** null = opened by something that is no KVM guest. */
export const guestText = (guest: string | null): string =>
  guest === null ? 'no KVM guest' : `guest ${guest}`;

/** All who could use a queue in that time. */
export const holdersText = ({ holder, sharedWith }: Custody): string =>
  [holder, ...sharedWith].map(holderText).join(' and ');

/** One line; null = none. */
export function boundaryText(boundary: Boundary | null, none: string): string {
  if (boundary === null) return none;
  const { occurredAt, position, type, actor, commandId, observed } = boundary;
  const evidence = observed === undefined ? '' : `, ${observedText(observed)}`;
  return `${occurredAt}, position ${position}: ${type} by ${actor}, command ${commandId}${evidence}`;
}

/** When it can have happened, and what tells who did it. */
export function observedText({
  notBefore,
  notAfter,
  certainty,
  evidence,
}: NonNullable<Boundary['observed']>): string {
  const when = notBefore === null ? `there by ${notAfter}` : `between ${notBefore} and ${notAfter}`;
  const signs = evidence.map(
    ({ source, actor, text }) =>
      `${source}${actor === undefined ? '' : ` names ${actor}`}${text === undefined ? '' : ` (${text})`}`,
  );
  return signs.length === 0
    ? `${when}, no evidence of who`
    : `${when}, evidence ${certainty}: ${signs.join('; ')}`;
}

/** Since when; of what was so from the host's first fact on, the ledger does not know. */
export const fromText = ({ from }: Custody, knownSince: Boundary): string =>
  boundaryText(from, `not known before ${knownSince.occurredAt}`);

/** Until when; of what was so at the end of the span, also what became of it. */
export const untilText = ({ until, endedLater }: Custody): string =>
  boundaryText(until, laterText('still so', endedLater));

/** When a run ended. */
export const stoppedText = ({ stopped, stoppedLater }: GuestRun): string =>
  boundaryText(stopped, laterText('still running', stoppedLater));

const laterText = (still: string, later: Boundary | undefined): string =>
  later === undefined ? still : `${still} at the end of the span; ended ${boundaryText(later, '')}`;

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
  const queues = parseApqns(names).sort((a, b) => a - b);
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
    case 'drift': {
      const { what, mdev, predicted, actual, step, at } = exposure;
      const where = mdev === null ? what : `${what} of mdev ${mdev}`;
      return `${where} is ${actual}; by the rules of the driver it would be ${predicted}, after ${step} (${boundaryText(at, '')}).`;
    }
  }
}

/** A report of which one host at a time is in memory, of a log that was verified for it. */
export type VerifiedParts = ReportParts & Pick<AuditReport, 'verification'>;

/** What a report is about, and what it is worth: label and value. */
export function scopeText({
  scope,
  verification,
}: Pick<AuditReport, 'scope' | 'verification'>): readonly (readonly [string, string])[] {
  const { host, guest, from, to } = scope;
  return [
    ['Hosts', host === null ? 'all' : host],
    ['Guests', guest === null ? 'all' : guest],
    ['From', from === null ? 'the first fact' : momentText(from)],
    ['To', to === null ? 'the last fact' : momentText(to)],
    ['Made', 'no time is given, so that the same log and span give the same bytes'],
    ['Log', verificationText(verification)],
  ];
}

/** Whether the log is the one that was written. */
export function verificationText({ facts, problems }: AuditReport['verification']): string {
  if (problems.length === 0) return `verified: every hash of ${facts} facts was recomputed for this report`;
  return problemsText(problems);
}

/** Of what time a host's part is, or that there is nothing to tell of it. */
export function hostText({
  driver,
  position,
  knownSince,
  mayReach,
}: Pick<HostPart, 'driver' | 'position' | 'knownSince' | 'mayReach'>): string {
  if (position === 0)
    return `Not known before ${knownSince.occurredAt} (position ${knownSince.position}): of the time before, the ledger knows nothing.`;
  return `Driver ${driver ?? 'not known yet'}, ${upToText({ position, mayReach })}. Nothing is known before ${knownSince.occurredAt}.`;
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

/** The tables of a host's part, for every format that has tables; rows are made when they are written. */
export const tablesOf = ({ runs, custody, refusals, knownSince }: HostPart): readonly Table[] => [
  {
    title: 'Guests',
    none: 'None ran.',
    columns: ['guest', 'mdev', 'started', 'stopped'],
    rows: function* () {
      for (const run of runs)
        yield [guestText(run.guest), run.mdev, boundaryText(run.started, ''), stoppedText(run)];
    },
  },
  {
    title: 'Custody',
    none: 'Nobody ever had a queue.',
    columns: ['queues', 'who could use them', 'from', 'until', 'reset before'],
    rows: function* () {
      for (const { queues, ...one } of custody)
        yield [
          queuesText(queues),
          holdersText(one),
          fromText(one, knownSince),
          untilText(one),
          resetText(one),
        ];
    },
  },
  {
    title: 'Refused attempts',
    none: 'No command was refused.',
    columns: ['what', 'mdev', 'guest', 'errno', 'why', 'when'],
    rows: function* () {
      for (const { at, command, mdev, guest, errno, explanation } of refusals)
        yield [command, mdev ?? '-', guest ?? '-', errno, explanation, boundaryText(at, '')];
    },
  },
];

export const TITLE = 'Custody of crypto queues: audit report';
export const HEADS_NOTE =
  'This report rests on the facts up to these. Save the block as a file, and `apledger verify --heads FILE` ' +
  'tells whether the log still holds exactly these facts.';

interface Reached {
  readonly position: number;
  readonly mayReach?: MayReach | undefined;
}

/** Up to which fact of a host an answer goes; both, where readings of clocks leave it open. */
export const upToText = (reached: Reached): string =>
  `up to position ${reached.position}${orLaterText(reached)}`;

/** What follows the place that an answer goes by: nothing, or how far it may reach. */
export const orLaterText = ({ mayReach }: Pick<Reached, 'mayReach'>): string =>
  mayReach === undefined ? '' : `, ${mayReachText(mayReach)}`;

/** What follows the position of an answer that clocks leave open. */
export const mayReachText = ({ position }: MayReach): string =>
  `or position ${position}: clocks jumped, and the facts in between are dated by their neighbours only`;
