/** Changes: proposed, judged with both matrices in view where that takes a second person, carried out step by step, and back. */
import {
  ChangeId,
  Digest,
  Errno,
  HOLD_CAUSES,
  HostName,
  MAX_COMMANDS,
  MAX_PLAN_BYTES,
  PlanDocument,
  RESUME_WAYS,
  Reason,
  Subject,
} from '@apledger/events';
import Type, { type Static } from 'typebox';
import { CommandBody } from './command.ts';
import { ViewChange } from './diff.ts';
import { HostView } from './matrices.ts';
import { closed, type Immutable, operation, orNull } from './operation.ts';

const Somebody = Type.Union([Subject, Type.Null()], { description: 'null = who has the log itself' });
const Gains = Type.Array(
  Type.Object({
    holder: Type.String({ description: 'host, guest NAME, or mdev UUID' }),
    queues: Type.Array(Type.String()),
    controlDomains: Type.Array(Type.Integer()),
  }),
);
/** How a change stands: the first six are open, the others say how it ended. */
export const CHANGE_STATUSES = [
  'proposed',
  'approved',
  'running',
  'verifying',
  'held',
  'going-back',
  'carried-out',
  'back',
  'refused',
  'withdrawn',
  'stopped',
  'expired',
  'left',
] as const;
const Status = Type.Enum([...CHANGE_STATUSES], {
  description: 'proposed to going-back are open; the others say how it ended',
});
/** The states of the machine `change`, docs/machines.md. */
const State = Type.Enum([
  'proposed',
  'approved',
  'running',
  'verifying',
  'held',
  'goingBack',
  'done',
  'back',
  'abandoned',
]);
/** What somebody can do with a change; each has an operation. */
const CHANGE_ACTIONS = ['approve', 'refuse', 'withdraw', 'start', 'confirm', ...RESUME_WAYS] as const;
const Action = Type.Enum([...CHANGE_ACTIONS]);
export type ChangeAction = Static<typeof Action>;
const Way = Type.Enum(['there', 'back'], { description: 'back = on the way back' });
const Time = Type.String({ description: 'RFC 3339' });

const HeldView = Type.Object({
  because: Type.Enum([...HOLD_CAUSES, 'refused', 'unconfirmed', 'late']),
  reason: Type.String(),
  errno: orNull(Errno, 'what the host answered'),
  at: Time,
  predicted: orNull(Digest, 'hash of the matrices as planned'),
  actual: orNull(Digest, 'hash of the matrices as they are'),
  differences: Type.Array(Type.String(), { description: 'from what was planned to what is, in words' }),
});

/** One step of the plan that is carried out now, and what has come of it. */
const StepView = Type.Object({
  step: Type.Integer({ description: 'counted from 1' }),
  text: Type.String(),
  isWait: Type.Boolean(),
  outcome: Type.Enum(['planned', 'started', 'done', 'refused', 'unconfirmed', 'late']),
  attempt: Type.Integer({ description: '0 = not begun' }),
  startedAt: orNull(Time, 'null = not begun'),
  endedAt: orNull(Time, 'null = not settled'),
  revision: orNull(Type.Integer(), 'of the host, when it was done'),
});
export type StepView = Immutable<Static<typeof StepView>>;

/** A planned change in detail. */
const ChangeRunView = Type.Object({
  plan: PlanDocument,
  way: Way,
  steps: Type.Array(StepView, { description: 'of the plan that is carried out now' }),
  earlier: Type.Array(Type.Object({ ...StepView.properties, way: Way }), {
    description: 'every step that was begun, of all plans of the change, in order',
  }),
});
export type ChangeRunView = Immutable<Static<typeof ChangeRunView>>;

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
  state: State,
  plan: orNull(
    Type.Object({
      planHash: Digest,
      purpose: Type.String(),
      steps: Type.Integer(),
      confirmWithinMs: orNull(Type.Integer(), 'null = it needs no confirmation'),
    }),
    'null = plain commands',
  ),
  progress: orNull(
    Type.Object({ done: Type.Integer(), of: Type.Integer(), way: Way }),
    'steps of the plan that is carried out now; null = plain commands',
  ),
  waitsFor: Type.Array(Type.String(), { description: 'on whom it waits, and since when, in words' }),
  deadline: orNull(
    Type.Object({ for: Type.Enum(['approval', 'wait', 'confirmation']), until: Time }),
    'what has to be done until then',
  ),
  held: orNull(HeldView, 'why somebody has to say how it goes on'),
  actions: Type.Array(Action, { description: 'what the asker may do with it now' }),
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
    'Proposes commands or a plan for a host, with the reason. Nothing is done before somebody else approves it, or, where that is not needed, before it is started.',
  scope: 'host',
  verb: 'propose',
  http: { method: 'POST', path: '/hosts/{host}/changes' },
  subject: 'change.propose.*',
  maxRequestBytes: MAX_PLAN_BYTES + 16 * 1024,
  request: Type.Object(
    {
      commands: Type.Optional(
        Type.Array(CommandBody, {
          minItems: 1,
          maxItems: MAX_COMMANDS,
          description: 'either these or a plan',
        }),
      ),
      plan: Type.Optional(PlanDocument),
      confirmWithin: Type.Optional(
        Type.String({
          minLength: 2,
          maxLength: 40,
          description: 'of a plan: it goes back unless it is confirmed within 10m after its last step',
        }),
      ),
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
      after: Type.Optional(
        Type.Unsafe<string>({ ...ChangeId, description: 'only older ones: `next` of the answer before' }),
      ),
    },
    closed,
  ),
  reply: Type.Object({
    changes: Type.Array(ChangeView),
    next: orNull(ChangeId, 'ask again with this as `after`; null = there are no older ones'),
  }),
});

const change = operation({
  name: 'change',
  summary:
    'One change: what it would do to the host as it is now while it is open to judgement, and its steps when it has a plan.',
  scope: 'log',
  checked: 'itself',
  http: { method: 'GET', path: '/changes/{change}' },
  request: Type.Object({ change: ChangeId }, closed),
  reply: Type.Object({
    change: ChangeView,
    now: Type.Union([Judgement, Type.Null()]),
    run: orNull(ChangeRunView, 'null = plain commands'),
  }),
});

const approve = operation({
  name: 'approve-change',
  summary:
    'Agrees to exactly this work with exactly this effect. It is carried out at once, if its effect is still the same.',
  scope: 'log',
  checked: 'itself',
  http: { method: 'POST', path: '/changes/{change}/approve' },
  subject: 'change.approve',
  request: Type.Object({ change: ChangeId, work: Digest, effect: Digest }, closed),
  reply: ChangeView,
});

const refuse = operation({
  name: 'refuse-change',
  summary: 'Does not agree to a change, with the reason; it is over then.',
  scope: 'log',
  checked: 'itself',
  http: { method: 'POST', path: '/changes/{change}/refuse' },
  subject: 'change.refuse',
  request: Type.Object({ change: ChangeId, reason: Reason }, closed),
  reply: ChangeView,
});

const withdraw = operation({
  name: 'withdraw-change',
  summary: "Takes one's own proposal back.",
  scope: 'log',
  checked: 'itself',
  http: { method: 'POST', path: '/changes/{change}/withdraw' },
  subject: 'change.withdraw',
  request: Type.Object({ change: ChangeId, reason: Reason }, closed),
  reply: ChangeView,
});

const start = operation({
  name: 'start-change',
  summary:
    'Begins with the steps of a planned change for which no second person is needed. Asking again does nothing.',
  scope: 'log',
  checked: 'itself',
  http: { method: 'POST', path: '/changes/{change}/start' },
  subject: 'change.start',
  request: Type.Object({ change: ChangeId, planHash: Digest }, closed),
  reply: ChangeView,
});

const confirm = operation({
  name: 'confirm-change',
  summary: 'Confirms a change that would go back otherwise.',
  scope: 'log',
  checked: 'itself',
  http: { method: 'POST', path: '/changes/{change}/confirm' },
  subject: 'change.confirm',
  request: Type.Object({ change: ChangeId }, closed),
  reply: ChangeView,
});

const resume = operation({
  name: 'resume-change',
  summary:
    'Says how a change goes on that is held: retry the step, continue with what is left, back, or leave it. Back also while it runs.',
  scope: 'log',
  checked: 'itself',
  http: { method: 'POST', path: '/changes/{change}/resume' },
  subject: 'change.resume',
  request: Type.Object({ change: ChangeId, how: Type.Enum([...RESUME_WAYS]), reason: Reason }, closed),
  reply: ChangeView,
});

export const changesOperations = {
  propose,
  changes,
  change,
  approve,
  refuse,
  withdraw,
  start,
  confirm,
  resume,
};
