/** The audit report: what is known of the custody of queues, of one host, a guest or the whole log, as one document. */
import { Generation, GuestName, HostName } from '@apledger/events';
import Type, { type Static } from 'typebox';
import { Bound, Boundary, custodyFields, Exposure, FoundProblem, KnownSince, NamedRun } from './custody.ts';
import { mayReach, span } from './moment.ts';
import { closed, type Immutable, operation, orNull } from './operation.ts';
import { headsThat } from './verify.ts';

/** Queues that had the same custody, from the same facts to the same facts. */
const CustodyGroup = Type.Object({ queues: Type.Array(Type.String()), ...custodyFields });
export type CustodyGroup = Immutable<Static<typeof CustodyGroup>>;

/** A command that was refused; `guest` is who had its mdev open then. */
const RefusedAttempt = Type.Object({
  at: Boundary,
  command: Type.String({ description: 'its type' }),
  mdev: orNull(Type.String(), 'the mdev that it was about'),
  guest: orNull(GuestName, 'who had that mdev open then, or is named by the command'),
  errno: Type.String(),
  explanation: Type.String(),
});
export type RefusedAttempt = Immutable<Static<typeof RefusedAttempt>>;

const HostAudit = Type.Object({
  host: HostName,
  driver: orNull(Generation),
  knownSince: KnownSince,
  position: Type.Integer(),
  ...mayReach,
  exposures: Type.Array(Exposure),
  runs: Type.Array(NamedRun),
  custody: Type.Array(CustodyGroup),
  refusals: Type.Array(RefusedAttempt, { description: 'commands of the span that were refused' }),
});
/** One host's part of a report; driver null = not registered in the span; custody in the order of the beginnings. */
export type HostAudit = Immutable<Static<typeof HostAudit>>;

const AuditScope = Type.Object({ host: orNull(HostName), guest: orNull(GuestName), from: Bound, to: Bound });
/** What a report was asked for; null = no limit. */
export type AuditScope = Immutable<Static<typeof AuditScope>>;

/** It holds no time of its making: the same log and scope give the same report. */
export const AuditReport = Type.Object(
  {
    scope: AuditScope,
    heads: headsThat('what the report rests on, for `apledger verify --heads`'),
    hosts: Type.Array(HostAudit),
    verification: Type.Object(
      {
        facts: Type.Integer(),
        problems: Type.Array(FoundProblem),
      },
      {
        description:
          'every hash and packed form of the log, or of the one host that was asked for, recomputed for this report; no problem = it is the one that was written',
      },
    ),
  },
  { description: 'an audit report' },
);
export type AuditReport = Immutable<Static<typeof AuditReport>>;

/** The formats of a report. */
export const REPORT_FORMATS = ['md', 'csv', 'json', 'html'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** Over HTTP `format` says how the report is written; its reply here is `format=json`. */
export const report = operation({
  name: 'report',
  summary: 'An audit report of all hosts, one host, or a guest.',
  scope: 'log',
  verb: 'report',
  http: { method: 'GET', path: '/report' },
  request: Type.Object(
    {
      format: Type.Optional(Type.Enum(REPORT_FORMATS, { description: 'default md' })),
      host: Type.Optional(HostName),
      guest: Type.Optional(GuestName),
      ...span,
    },
    closed,
  ),
  reply: AuditReport,
});
