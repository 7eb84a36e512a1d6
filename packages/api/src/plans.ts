/** Plans: from a desired state or a procedure to steps, and what another driver would do with a host. Nothing is recorded. */
import {
  Errno,
  Generation,
  GuestName,
  HostName,
  MatrixIds,
  MdevUuid,
  PlanDocument,
  Procedure,
  Wait,
} from '@apledger/events';
import Type, { type Static } from 'typebox';
import { CommandBody } from './command.ts';
import { closed, type Immutable, operation } from './operation.ts';

/** As long as a request may be. */
const MAX_DESIRED = 100_000;

const Queues = Type.Array(Type.String());
const GuestChanges = Type.Array(Type.Object({ guest: GuestName, mdev: MdevUuid, queues: Queues }));
const Steps = Type.Array(
  Type.Object({
    step: Type.Integer({ description: 'counted from 1' }),
    text: Type.String({ description: 'as a script spells it, or in words' }),
    command: Type.Optional(CommandBody),
    wait: Type.Optional(Wait),
  }),
);

const PlannedReply = Type.Object({
  host: HostName,
  driver: Generation,
  revision: Type.Integer({ description: 'of the host that it was made for' }),
  position: Type.Integer(),
  steps: Steps,
  problems: Type.Array(
    Type.Object({
      step: Type.Union([Type.Integer(), Type.Null()]),
      errno: Type.Union([Errno, Type.Null()]),
      problem: Type.String(),
      help: Type.String(),
    }),
    { description: 'why it is not to be carried out; empty when it can be' },
  ),
  warnings: Type.Array(Type.String()),
  lost: GuestChanges,
  gained: GuestChanges,
  hostQueues: Type.Object({ lost: Queues, gained: Queues }),
  interruptions: Type.Array(
    Type.Object({
      guest: GuestName,
      mdev: MdevUuid,
      queues: Queues,
      from: Type.Integer(),
      until: Type.Union([Type.Integer(), Type.Null()]),
    }),
    { description: 'what guests are without meanwhile, as the file allows' },
  ),
  handovers: Type.Array(
    Type.Object({ queue: Type.String(), from: Type.String(), to: Type.String(), step: Type.Integer() }),
    { description: 'without a reset, as the file allows' },
  ),
  back: Type.Array(Steps.items, {
    description: 'the way back: it gives back assignments, not what a reset has wiped',
  }),
  plan: Type.Union([PlanDocument, Type.Null()], {
    description: 'to be kept, or proposed; null = it has problems',
  }),
});
export type PlannedReply = Immutable<Static<typeof PlannedReply>>;

const plan = operation({
  name: 'plan',
  summary: 'The steps that bring a host to a desired state, or that a procedure takes; nothing is recorded.',
  scope: 'host',
  http: { method: 'POST', path: '/hosts/{host}/plan' },
  subject: 'plan.*',
  request: Type.Object(
    {
      desired: Type.Optional(
        Type.String({
          maxLength: MAX_DESIRED,
          description: 'YAML or JSON, docs/schemas/desired-host.json; either this or a procedure',
        }),
      ),
      procedure: Type.Optional(Procedure),
    },
    closed,
  ),
  reply: PlannedReply,
});

const desiredSchema = operation({
  name: 'desired-schema',
  summary: 'The JSON Schema of desired states.',
  scope: 'log',
  checked: 'itself',
  http: { method: 'GET', path: '/schemas/desired-host' },
  subject: 'schemas.desired-host',
  request: Type.Object({}, closed),
  reply: Type.Unsafe<object>(Type.Object({})),
});

const RefusedStep = Type.Object({
  step: Type.String({ description: 'as a script spells it' }),
  errno: Type.Union([Errno, Type.Null()], { description: 'null = it would wait for a guest' }),
  explanation: Type.String(),
  help: Type.String(),
});
const Differs = Type.Object({
  mdev: MdevUuid,
  guest: Type.Union([GuestName, Type.Null()]),
  before: Type.Union([MatrixIds, Type.Null()]),
  after: Type.Union([MatrixIds, Type.Null()]),
  lost: Queues,
  gained: Queues,
});

const upgrade = operation({
  name: 'rehearse-upgrade',
  summary:
    'The configuration of a host replayed under another generation of the driver: what would be refused, and which guests would see other queues. Nothing is recorded.',
  scope: 'host',
  http: { method: 'GET', path: '/hosts/{host}/upgrade' },
  subject: 'upgrade.*',
  request: Type.Object({ driver: Generation }, closed),
  reply: Type.Object({
    host: HostName,
    from: Generation,
    to: Generation,
    revision: Type.Integer(),
    position: Type.Integer(),
    refused: Type.Array(RefusedStep, { description: 'assignments that would be refused, in order' }),
    guests: Type.Array(Differs, { description: 'guests that would see other queues' }),
    mdevs: Type.Array(Differs, { description: 'mdevs that would have another matrix assigned' }),
    hostQueues: Type.Object({ lost: Queues, gained: Queues }),
  }),
});
export type UpgradeRehearsal = Immutable<Static<(typeof upgrade)['reply']>>;

export const plansOperations = { plan, desiredSchema, upgrade };
