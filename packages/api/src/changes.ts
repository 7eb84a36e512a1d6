/** Changes that need a second person: proposed, judged with both matrices in view, carried out. */
import { ChangeId, Digest, HostName, MAX_COMMANDS, Reason, Subject } from '@apledger/events';
import Type, { type Static } from 'typebox';
import { CommandBody } from './command.ts';
import { ViewChange } from './diff.ts';
import { HostView } from './matrices.ts';
import { closed, type Immutable, operation } from './operation.ts';

const Somebody = Type.Union([Subject, Type.Null()], { description: 'null = who has the log itself' });
const Gains = Type.Array(
  Type.Object({
    holder: Type.String({ description: 'host, guest NAME, or mdev UUID' }),
    queues: Type.Array(Type.String()),
    controlDomains: Type.Array(Type.Integer()),
  }),
);
const Status = Type.Enum([
  'proposed',
  'approved',
  'refused',
  'withdrawn',
  'carried-out',
  'stopped',
  'expired',
]);

const ChangeView = Type.Object({
  change: ChangeId,
  host: HostName,
  status: Status,
  reason: Type.String(),
  proposedBy: Somebody,
  proposedAt: Type.String(),
  until: Type.Union([Type.String(), Type.Null()]),
  work: Digest,
  effect: Digest,
  commands: Type.Union([Type.Array(CommandBody), Type.Null()], { description: 'null = a plan' }),
  approvals: Type.Array(Type.Object({ by: Subject, at: Type.String() })),
  ended: Type.Union([
    Type.Object({ by: Somebody, at: Type.String(), reason: Type.Union([Type.String(), Type.Null()]) }),
    Type.Null(),
  ]),
  mayApprove: Type.Boolean({ description: 'the asker may approve or refuse it now' }),
  whyNot: Type.Union([Type.String(), Type.Null()], { description: 'why the asker may not' }),
});
export type ChangeView = Immutable<Static<typeof ChangeView>>;

/** What the commands would do to the host as it is now. */
const Judgement = Type.Object({
  effect: Digest,
  isAsProposed: Type.Boolean({ description: 'the effect is the one that was proposed' }),
  refusal: Type.Union([Type.String(), Type.Null()], { description: 'the driver would refuse a command' }),
  gives: Gains,
  takes: Gains,
  changes: Type.Array(ViewChange),
  before: Type.Union([HostView, Type.Null()]),
  after: Type.Union([HostView, Type.Null()]),
});
export type Judgement = Immutable<Static<typeof Judgement>>;

const propose = operation({
  name: 'propose-change',
  summary:
    'Asks for a second person: commands for a host, with the reason. Nothing is done before somebody else approves.',
  scope: 'host',
  verb: 'propose',
  http: { method: 'POST', path: '/hosts/{host}/changes' },
  request: Type.Object(
    {
      commands: Type.Array(CommandBody, { minItems: 1, maxItems: MAX_COMMANDS }),
      reason: Reason,
      change: Type.Optional(ChangeId),
      for: Type.Optional(
        Type.String({
          minLength: 2,
          maxLength: 40,
          description: 'how long it can be approved: 8h, 7d (default)',
        }),
      ),
    },
    closed,
  ),
  reply: ChangeView,
});

const changes = operation({
  name: 'changes',
  summary: 'The changes that were proposed for hosts that the asker may read, the newest first.',
  scope: 'log',
  checked: 'visible',
  http: { method: 'GET', path: '/changes' },
  request: Type.Object(
    {
      host: Type.Optional(HostName),
      status: Type.Optional(Status),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    },
    closed,
  ),
  reply: Type.Object({ changes: Type.Array(ChangeView) }),
});

const change = operation({
  name: 'change',
  summary: 'One change, and what it would do to the host as it is now.',
  scope: 'log',
  checked: 'itself',
  http: { method: 'GET', path: '/changes/{change}' },
  request: Type.Object({ change: ChangeId }, closed),
  reply: Type.Object({ change: ChangeView, now: Type.Union([Judgement, Type.Null()]) }),
});

const approve = operation({
  name: 'approve-change',
  summary:
    'Agrees to exactly this work with exactly this effect. It is carried out at once, if its effect is still the same.',
  scope: 'log',
  checked: 'itself',
  http: { method: 'POST', path: '/changes/{change}/approve' },
  request: Type.Object({ change: ChangeId, work: Digest, effect: Digest }, closed),
  reply: ChangeView,
});

const refuse = operation({
  name: 'refuse-change',
  summary: 'Does not agree to a change, with the reason; it is over then.',
  scope: 'log',
  checked: 'itself',
  http: { method: 'POST', path: '/changes/{change}/refuse' },
  request: Type.Object({ change: ChangeId, reason: Reason }, closed),
  reply: ChangeView,
});

const withdraw = operation({
  name: 'withdraw-change',
  summary: "Takes one's own proposal back.",
  scope: 'log',
  checked: 'itself',
  http: { method: 'POST', path: '/changes/{change}/withdraw' },
  request: Type.Object({ change: ChangeId, reason: Reason }, closed),
  reply: ChangeView,
});

export const changesOperations = { propose, changes, change, approve, refuse, withdraw };
