/** The facts of the log or of one host, a page at a time. */
import {
  Errno,
  type FactData,
  type FactType,
  factSchemas,
  GuestName,
  HostName,
  type LedgerFactData,
  type LedgerFactType,
  ledgerFactSchemas,
  MdevUuid,
  QueueName,
} from '@apledger/events';
import Type, { type Static, type TSchema } from 'typebox';
import { momentText } from './moment.ts';
import { closed, type Immutable, operation } from './operation.ts';

/** Facts in one page, at most. */
export const MAX_PAGE = 1000;

const After = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'only facts after this position; default 0',
});
const Types = Type.Array(Type.String({ maxLength: 64 }), {
  minItems: 1,
  maxItems: 100,
  description: 'only these',
});
const filters = {
  types: Type.Optional(Types),
  actor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 4096,
      description: 'only what this actor asked for, as it is recorded',
    }),
  ),
  guest: Type.Optional({
    ...GuestName,
    description: 'only facts that name this guest, or its mdev while the guest had it open',
  }),
  mdev: Type.Optional({ ...MdevUuid, description: 'only facts about this mdev: its UUID, lower case' }),
  queue: Type.Optional({
    ...QueueName,
    description:
      'only facts that name this queue, or by which it came into a matrix of an mdev or left one; like 05.0047',
  }),
  errno: Type.Optional({ ...Errno, description: 'only commands that were refused with it' }),
  text: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'only facts whose type, description or actor holds this, in any case of letters',
    }),
  ),
  since: Type.Optional(momentText('only facts from this moment on')),
  until: Type.Optional(momentText('only facts up to this moment')),
};
const page = {
  after: Type.Optional(
    Type.Integer({
      ...After,
      description:
        'only facts that come after this position in the order asked for; default: from its beginning',
    }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, description: 'default 100' })),
  order: Type.Optional(
    Type.Enum(['oldest', 'newest'], { description: 'which facts come first; default oldest' }),
  ),
  ...filters,
};
const PageRequest = Type.Object(page, closed);

/** Parts of the envelope that newer facts have. */
const added = {
  auth: Type.Optional(
    Type.Object(
      {
        method: Type.String(),
        issuer: Type.Optional(Type.String()),
        subject: Type.String(),
        session: Type.Optional(Type.String()),
      },
      { description: 'who gave the command, as the service found out' },
    ),
  ),
  claimed: Type.Optional(Type.String({ description: 'the actor that the client itself named' })),
  clock: Type.Optional(
    Type.String({
      description: 'what the clock of the writing process read, RFC 3339 in UTC with milliseconds',
    }),
  ),
  command: Type.Optional(
    Type.Object(
      { type: Type.String(), digest: Type.String() },
      { description: 'the command, with the first fact of a commit: its type and base64url SHA-256' },
    ),
  ),
  jump: Type.Optional(
    Type.Integer({ description: 'revision at which a clock last jumped back in the stream' }),
  ),
};

/** A fact as the log recorded it: the envelope, and what happened. */
const Envelope = Type.Object({
  id: Type.String(),
  stream: Type.String(),
  revision: Type.Integer(),
  position: Type.Integer(),
  type: Type.String(),
  version: Type.Integer(),
  occurredAt: Type.String(),
  recordedAt: Type.String(),
  actor: Type.String(),
  ...added,
  cause: Type.String({ description: 'id of the command' }),
  correlation: Type.String(),
  data: Type.Unknown(),
  hash: Type.String(),
});
type Envelope = Immutable<Static<typeof Envelope>>;

type Shown<T extends string, D> = Omit<Envelope, 'type' | 'data'> & {
  /** Empty when the fact is about the ledger itself. */
  readonly host: string;
  readonly type: T;
  readonly data: D;
};
/** A fact of the log and its host; `type` says what its data are. Facts keep the version they were written in. */
type RecordedHostFact = { readonly [T in FactType]: Shown<T, FactData<T>> }[FactType];
type RecordedLedgerFact = {
  readonly [T in LedgerFactType]: Shown<T, LedgerFactData<T>>;
}[LedgerFactType];
export type RecordedFact = RecordedHostFact | RecordedLedgerFact;

const shown = (host: TSchema, type: string, data: TSchema): TSchema =>
  Type.Object({ ...Envelope.properties, host, type: Type.Literal(type), data });
/** One schema for each type of fact, so that clients know what `data` is. */
export const recordedFacts: ReadonlyMap<string, TSchema> = new Map([
  ...Object.entries(factSchemas).map(([type, data]) => [type, shown(HostName, type, data)] as const),
  ...Object.entries(ledgerFactSchemas).map(
    ([type, data]) => [type, shown(Type.Literal(''), type, data)] as const,
  ),
]);
export const RecordedFact = Type.Unsafe<RecordedFact>(Type.Union([...recordedFacts.values()]));

const pageOf = <T extends TSchema>(fact: T, description: string) =>
  Type.Object({
    events: Type.Array(fact, { description }),
    after: Type.Integer({ description: 'ask for the next page after this position' }),
    isEnd: Type.Boolean({ description: 'there were no more when it was asked' }),
  });
const Page = pageOf(Envelope, 'as the log has them, in the order asked for');

/** Of the whole log, or of one host. */
const events = operation({
  name: 'events',
  summary: 'The facts of the log or of one host, a page at a time.',
  scope: 'log',
  checked: 'visible',
  http: { method: 'GET', path: '/events' },
  subject: null,
  request: Type.Object({ ...page, host: Type.Optional(HostName) }, closed),
  reply: Type.Object({
    ...pageOf(RecordedFact, 'in the order asked for').properties,
    guests: Type.Record(Type.String(), Type.Record(Type.String(), GuestName), {
      description:
        'by position of a fact and UUID of an mdev that it names: the guest that had the mdev open then; nobody is left out',
    }),
  }),
});

const event = operation({
  name: 'event',
  summary: 'One fact, by its position.',
  scope: 'log',
  checked: 'visible',
  http: { method: 'GET', path: '/events/{position}', hasETag: true },
  request: Type.Object(
    { position: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'of the fact' }) },
    closed,
  ),
  reply: RecordedFact,
});

/** On NATS a permission is for a subject: the whole log has one, and each host has one. */
const logEvents = operation({
  name: 'events',
  summary: 'The facts of the whole log, a page at a time.',
  scope: 'log',
  checked: 'visible',
  subject: 'events',
  request: PageRequest,
  reply: Page,
});

const hostEvents = operation({
  name: 'host-events',
  summary: 'The facts of one host, a page at a time.',
  scope: 'host',
  subject: 'events.*',
  request: PageRequest,
  reply: Page,
});

/** What the stream of facts is asked with. */
export const StreamRequest = Type.Object(
  {
    after: Type.Optional(After),
    since: Type.Optional(momentText('instead of after: from the first fact at or after this moment on')),
    host: Type.Optional(HostName),
    types: Type.Optional(Types),
  },
  closed,
);

export const eventsOperations = { events, event, logEvents, hostEvents };
