/** Who could use which queue when, and what was left open. Queues are named like 05.0047. */
import { Evidence, GuestName, HostName, MdevUuid, QueueName } from '@apledger/events';
import Type, { type Static } from 'typebox';
import { mayReach, span } from './moment.ts';
import { closed, type Immutable, operation, orNull } from './operation.ts';

const Observed = Type.Object(
  {
    notBefore: orNull(Type.String(), 'the host was last seen without it; null = never before'),
    notAfter: Type.String(),
    certainty: Type.Enum(['certain', 'several', 'none'], {
      description: 'whether the evidence names one actor, several, or none',
    }),
    evidence: Type.Array(Evidence),
  },
  { description: 'of a host that an agent watches: when it can have happened, and what tells who did it' },
);

export const Boundary = Type.Object(
  {
    position: Type.Integer(),
    revision: Type.Integer(),
    occurredAt: Type.String(),
    type: Type.String(),
    commandId: Type.String(),
    actor: Type.String(),
    observed: Type.Optional(Observed),
  },
  { description: 'the fact behind a boundary, and the command that caused it' },
);
export type Boundary = Immutable<Static<typeof Boundary>>;

/** The host (zcrypt is bound to the queue), a guest (it is in the effective matrix of a running guest), or nobody. */
export const Holder = Type.Union([
  Type.Object({ kind: Type.Literal('host') }),
  Type.Object({
    kind: Type.Literal('guest'),
    guest: orNull(GuestName, 'null = opened by something that is no KVM guest'),
    mdev: MdevUuid,
  }),
  Type.Object({ kind: Type.Literal('nobody') }),
]);
export type Holder = Immutable<Static<typeof Holder>>;

export const custodyFields = {
  holder: Holder,
  sharedWith: Type.Array(Holder, { description: 'others who could use it all the while' }),
  from: orNull(Boundary, 'null = since before the first fact'),
  until: orNull(Boundary, 'null = still so at the end of the span'),
  endedLater: Type.Optional({
    ...Boundary,
    description: 'what ended it after the end of the span; absent = nothing has',
  }),
  resetBefore: orNull(
    Type.Boolean(),
    'it was reset, or zeroized from outside, after the holder before had let go; null = nobody ever had it before',
  ),
  reset: orNull(Boundary, 'the one that counts: a QueueReset or a QueueZeroized'),
};
const Custody = Type.Object(custodyFields);
/**
 * A time in which the same could use a queue. It begins and ends between commits. `sharedWith` is empty but for a hole of
 * 2019-v2 (driver-rules 8); the reset that counts is the first that succeeded.
 */
export type Custody = Immutable<Static<typeof Custody>>;

export const CustodyInterval = Type.Object({ apqn: Type.String(), ...custodyFields });
export type CustodyInterval = Immutable<Static<typeof CustodyInterval>>;

const runFields = {
  mdev: MdevUuid,
  started: Boundary,
  stopped: orNull(Boundary, 'null = still running at the end of the span'),
  stoppedLater: Type.Optional({
    ...Boundary,
    description: 'what stopped it after the end of the span; absent = nothing has',
  }),
};
const GuestRun = Type.Object(runFields);
export type GuestRun = Immutable<Static<typeof GuestRun>>;
export const NamedRun = Type.Object({ guest: orNull(GuestName), ...runFields });
export type NamedRun = Immutable<Static<typeof NamedRun>>;

/**
 * A guest's queue came to another guest or to the host without a reset; several could use a queue at the same time; a
 * guest has stopped at the end of the range and its mdev keeps queues; several running guests can control one domain
 * then; a host did not do what the rules of its generation say.
 */
export const Exposure = Type.Union([
  Type.Object({
    kind: Type.Literal('unreset-handover'),
    host: HostName,
    apqn: Type.String(),
    from: Holder,
    to: Holder,
    at: Boundary,
  }),
  Type.Object({
    kind: Type.Literal('shared-queue'),
    host: HostName,
    apqn: Type.String(),
    holders: Type.Array(Holder),
    since: Boundary,
    until: orNull(Boundary),
  }),
  Type.Object({
    kind: Type.Literal('stopped-guest-keeps-queues'),
    host: HostName,
    mdev: MdevUuid,
    guest: orNull(GuestName),
    queues: Type.Array(Type.String()),
    since: Boundary,
  }),
  Type.Object({
    kind: Type.Literal('shared-control-domain'),
    host: HostName,
    domain: Type.Integer(),
    guests: Type.Array(Type.Object({ guest: orNull(GuestName), mdev: MdevUuid })),
    since: Boundary,
  }),
  Type.Object({
    kind: Type.Literal('drift'),
    host: HostName,
    step: Type.String({ description: 'what was done on the host, as far as is known' }),
    what: Type.String({ description: 'apmask, queue 05.0047, guest matrix, ...' }),
    mdev: orNull(MdevUuid),
    predicted: Type.String(),
    actual: Type.String(),
    at: Boundary,
  }),
]);
export type Exposure = Immutable<Static<typeof Exposure>>;

/** Something that cannot have been written so. */
export const FoundProblem = Type.Object({
  stream: Type.String(),
  revision: Type.Integer(),
  position: Type.Integer(),
  problem: Type.String(),
});

const Chain = Type.Object(
  {
    upTo: Type.Integer({
      description:
        'position of the last fact of the host whose hash and packed form were recomputed; 0 = none yet',
    }),
    facts: Type.Integer({ description: 'how many were' }),
    problems: Type.Array(FoundProblem, {
      description: 'none = up to there, the facts of the host are those that were written',
    }),
  },
  {
    description:
      'what the process that answers has recomputed of the chain of hashes that the answer rests on; a new fact is recomputed with the next answer',
  },
);
export type Chain = Immutable<Static<typeof Chain>>;

export const KnownSince = {
  ...Boundary,
  description: 'the first fact of the host: of the time before, the ledger knows nothing',
};

type Bound = { revision: number } | { position: number } | { time: string } | null;
export const Bound = Type.Unsafe<Bound>(Type.Unknown());

/** The moments that were used; times in UTC, null = no limit. */
const UsedSpan = Type.Object(
  { from: Bound, to: Bound },
  { description: 'the moments that were used: { position } or { time }, in UTC; null = no limit' },
);
export type UsedSpan = Immutable<Static<typeof UsedSpan>>;

const custody = operation({
  name: 'custody',
  summary: 'Who could use a queue of a host, from when to when, and whether it was reset.',
  scope: 'host',
  http: { method: 'GET', path: '/hosts/{host}/custody' },
  request: Type.Object(
    {
      apqn: QueueName,
      ...span,
      limit: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 1_000_000,
          description: 'the newest so many intervals; default: all',
        }),
      ),
    },
    closed,
  ),
  reply: Type.Object({
    host: HostName,
    apqn: Type.String(),
    span: UsedSpan,
    knownSince: KnownSince,
    position: Type.Integer({ description: 'the last fact of the host that counts' }),
    wasThere: Type.Boolean({
      description: 'the bus shows the queue at the end of the span, or somebody could use it by then',
    }),
    ...mayReach,
    verification: Chain,
    omitted: Type.Optional(
      Type.Integer({
        description: 'how many intervals of the span are older than these, where limit left some out',
      }),
    ),
    intervals: Type.Array(CustodyInterval),
  }),
});
export type CustodyReport = Immutable<Static<(typeof custody)['reply']>>;

const guestHistory = operation({
  name: 'guest-history',
  summary: 'When a guest ran on a host, and which queues it could use.',
  scope: 'host',
  http: { method: 'GET', path: '/hosts/{host}/guests/{guest}/history' },
  request: Type.Object({ guest: GuestName, ...span }, closed),
  reply: Type.Object({
    host: HostName,
    guest: GuestName,
    span: UsedSpan,
    knownSince: KnownSince,
    position: Type.Integer(),
    ...mayReach,
    verification: Chain,
    runs: Type.Array(GuestRun),
    queues: Type.Array(CustodyInterval),
  }),
});
export type GuestHistory = Immutable<Static<(typeof guestHistory)['reply']>>;

const exposures = operation({
  name: 'exposures',
  summary: 'What was handed on without a reset on a host, and what stands open.',
  scope: 'host',
  http: { method: 'GET', path: '/hosts/{host}/exposures' },
  request: Type.Object(span, closed),
  reply: Type.Object({
    span: UsedSpan,
    knownSince: KnownSince,
    position: Type.Integer({ description: 'the last fact of the host that counts' }),
    ...mayReach,
    verification: Chain,
    exposures: Type.Array(Exposure),
  }),
});
export type ExposureReport = Immutable<Static<(typeof exposures)['reply']>>;

const chain = operation({
  name: 'chain',
  summary: 'Whether the facts of a host are those that were written, as far as their hashes were recomputed.',
  scope: 'host',
  http: { method: 'GET', path: '/hosts/{host}/chain' },
  request: Type.Object({}, closed),
  reply: Chain,
});

export const custodyOperations = { custody, guestHistory, exposures, chain };
