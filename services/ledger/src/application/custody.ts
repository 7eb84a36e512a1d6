/** Who could use which queue when, and what was left open to whom. */
import { Generation, GuestName, HostName, MdevUuid, QueueName } from '@apledger/events';
import { type AuditReport, openCustody, type Range } from '@apledger/projections';
import Type, { type Static } from 'typebox';
import { unknownHost } from './hosts.ts';
import type { Ledger } from './ledger.ts';
import { MomentText, momentOf, readMoment } from './moment.ts';
import { operation } from './operation.ts';
import { Problem } from './problem.ts';

const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description });

export const BoundaryBody = Type.Object(
  {
    position: Type.Integer(),
    revision: Type.Integer(),
    occurredAt: Type.String(),
    type: Type.String(),
    commandId: Type.String(),
    actor: Type.String(),
  },
  { description: 'the fact behind a boundary, and the command that caused it' },
);
export const HolderBody = Type.Union([
  Type.Object({ kind: Type.Literal('host') }),
  Type.Object({
    kind: Type.Literal('guest'),
    guest: orNull(GuestName, 'null = opened by something that is no KVM guest'),
    mdev: MdevUuid,
  }),
  Type.Object({ kind: Type.Literal('nobody') }),
]);
const custodyFields = {
  holder: HolderBody,
  sharedWith: Type.Array(HolderBody, { description: 'others who could use it all the while' }),
  from: orNull(BoundaryBody, 'null = since before the first fact'),
  until: orNull(BoundaryBody, 'null = still so'),
  resetBefore: orNull(
    Type.Boolean(),
    'it was reset after the holder before had let go; null = nobody ever had it before',
  ),
  reset: orNull(BoundaryBody, 'the reset that counts'),
};
export const IntervalBody = Type.Object({ apqn: Type.String(), ...custodyFields });
const runFields = {
  mdev: MdevUuid,
  started: BoundaryBody,
  stopped: orNull(BoundaryBody, 'null = still running'),
};
export const ExposureBody = Type.Union([
  Type.Object({
    kind: Type.Literal('unreset-handover'),
    host: HostName,
    apqn: Type.String(),
    from: HolderBody,
    to: HolderBody,
    at: BoundaryBody,
  }),
  Type.Object({
    kind: Type.Literal('shared-queue'),
    host: HostName,
    apqn: Type.String(),
    holders: Type.Array(HolderBody),
    since: BoundaryBody,
    until: orNull(BoundaryBody),
  }),
  Type.Object({
    kind: Type.Literal('stopped-guest-keeps-queues'),
    host: HostName,
    mdev: MdevUuid,
    guest: orNull(GuestName),
    queues: Type.Array(Type.String()),
    since: BoundaryBody,
  }),
  Type.Object({
    kind: Type.Literal('shared-control-domain'),
    host: HostName,
    domain: Type.Integer(),
    guests: Type.Array(Type.Object({ guest: orNull(GuestName), mdev: MdevUuid })),
    since: BoundaryBody,
  }),
]);
export const AuditBody = Type.Object(
  {
    scope: Type.Object({
      host: orNull(HostName),
      guest: orNull(GuestName),
      from: Type.Unknown(),
      to: Type.Unknown(),
    }),
    heads: Type.Array(
      Type.Object({
        stream: Type.String(),
        revision: Type.Integer(),
        position: Type.Integer(),
        hash: Type.String(),
        occurredAt: Type.String(),
      }),
      { description: 'what the report rests on, for `apledger verify --heads`' },
    ),
    hosts: Type.Array(
      Type.Object({
        host: HostName,
        driver: orNull(Generation),
        position: Type.Integer(),
        exposures: Type.Array(ExposureBody),
        runs: Type.Array(Type.Object({ guest: orNull(GuestName), ...runFields })),
        custody: Type.Array(Type.Object({ queues: Type.Array(Type.String()), ...custodyFields })),
      }),
    ),
  },
  { description: 'an audit report' },
);

const span = {
  from: Type.Optional(MomentText),
  to: Type.Optional(MomentText),
};
const Span = Type.Object(span, { additionalProperties: false });
type Span = Static<typeof Span>;
const closed = { additionalProperties: false };

export const custody = operation(
  { name: 'custody', does: 'Who could use a queue of a host, from when to when, and whether it was reset.' },
  {
    request: Type.Object({ apqn: QueueName, ...span }, closed),
    reply: Type.Object({
      host: HostName,
      apqn: Type.String(),
      position: Type.Integer({ description: 'the last fact of the host that counts' }),
      intervals: Type.Array(IntervalBody),
    }),
  },
  async (ledger, { apqn, ...asked }, { host }) =>
    (await openCustody(ledger).custody(host, apqn, await rangeOf(ledger, asked))) ?? notThere(host),
);

export const guestHistory = operation(
  { name: 'guest-history', does: 'When a guest ran on a host, and which queues it could use.' },
  {
    request: Type.Object({ guest: GuestName, ...span }, closed),
    reply: Type.Object({
      host: HostName,
      guest: GuestName,
      position: Type.Integer(),
      runs: Type.Array(Type.Object(runFields)),
      queues: Type.Array(IntervalBody),
    }),
  },
  async (ledger, { guest, ...asked }, { host }) =>
    (await openCustody(ledger).guestHistory(host, guest, await rangeOf(ledger, asked))) ?? notThere(host),
);

export const exposures = operation(
  { name: 'exposures', does: 'What was handed on without a reset on a host, and what stands open.' },
  { request: Span, reply: Type.Object({ exposures: Type.Array(ExposureBody) }) },
  async (ledger, asked, { host }) => ({
    exposures: (await openCustody(ledger).exposures(host, await rangeOf(ledger, asked))) ?? notThere(host),
  }),
);

/** An audit report. Throws Problem for a host or a guest that was not there. */
export async function audit(
  ledger: Ledger,
  { host, guest, ...asked }: Span & { readonly host?: string; readonly guest?: string },
): Promise<AuditReport> {
  const { from = null, to = null } = await rangeOf(ledger, asked);
  const scope = { host: host ?? null, guest: guest ?? null, from, to };
  const report = await openCustody(ledger).audit(scope);
  if (report === undefined) throw unknownHost(host ?? '');
  if (guest !== undefined && !report.hosts.some(({ runs }) => runs.length > 0))
    throw new Problem(404, 'unknown-guest', `There was no guest ${JSON.stringify(guest)} in that time.`);
  return report;
}

async function rangeOf(ledger: Ledger, { from, to }: Span): Promise<Range> {
  const range = {
    ...(from === undefined ? {} : { from: await momentOf(ledger, readMoment(from)) }),
    ...(to === undefined ? {} : { to: await momentOf(ledger, readMoment(to)) }),
  };
  if (isReversed(range)) throw new Problem(400, 'no-such-moment', `${from} lies after ${to}.`);
  return range;
}

/** A position and a time are not compared: the span is then empty, which is an answer as well. */
function isReversed({ from, to }: Range): boolean {
  if (from === undefined || to === undefined) return false;
  if ('position' in from && 'position' in to) return from.position > to.position;
  return 'time' in from && 'time' in to && from.time > to.time;
}

function notThere(host: string): never {
  throw unknownHost(host);
}
