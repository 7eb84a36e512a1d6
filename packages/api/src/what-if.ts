/** What steps would do to a host, and to its users; nothing is recorded. */
import { GuestName, HostName, MdevUuid } from '@apledger/events';
import Type, { type Static } from 'typebox';
import { CommandBody, FactBody, refusalFields } from './command.ts';
import { ViewChange } from './diff.ts';
import { HostView } from './matrices.ts';
import { AsOf, atMoment, mayReach } from './moment.ts';
import { closed, type Immutable, operation } from './operation.ts';

/** Each is decided on its own, one on top of the other. */
const MAX_STEPS = 100;
/** As long as a line of a script that is worth reading. */
const MAX_STEP = 4096;

/** What a guest loses or gains: queues like 05.0047, and control domains. */
export const Share = Type.Object({
  guest: Type.Union([GuestName, Type.Null()]),
  mdev: MdevUuid,
  queues: Type.Array(Type.String()),
  controlDomains: Type.Array(Type.Integer()),
});
export type Share = Immutable<Static<typeof Share>>;

/**
 * What would come of one step. `done`: facts would be recorded. `refused`: the asker would get the refusal's errno, and
 * the facts end with CommandRejected. `blocked`: it would be under way, and the writer would sleep until a guest closes
 * its mdev. `nothing`: the step only reads, or would be recorded as without effect.
 */
const SupposedStep = Type.Object({
  step: Type.String(),
  outcome: Type.Enum(['done', 'refused', 'blocked', 'nothing']),
  commands: Type.Array(CommandBody, {
    description: 'what it asks the host to do; none for a look',
  }),
  facts: Type.Array(FactBody),
  output: Type.String(),
  refusal: Type.Optional(Type.Object(refusalFields)),
});
export type SupposedStep = Immutable<Static<typeof SupposedStep>>;

const Queues = Type.Array(Type.String());

/** A card that would be off or stopped: who has its queues keeps them, and cannot use them while it lasts. */
const OutOfService = Type.Object({
  adapter: Type.Integer(),
  reason: Type.Enum(['deconfigured', 'check-stopped']),
  shares: Type.Array(Share, { description: 'the queues of the card that guests have' }),
  hostQueues: Type.Array(Type.String()),
});
export type OutOfService = Immutable<Static<typeof OutOfService>>;

export const whatIf = operation({
  name: 'what-if',
  summary:
    'What steps, each a line as in a script, would do to a host now or as of any moment; nothing is recorded.',
  scope: 'host',
  http: { method: 'POST', path: '/hosts/{host}/what-if' },
  isQuestion: true,
  request: Type.Object(
    {
      steps: Type.Array(Type.String({ maxLength: MAX_STEP }), {
        minItems: 1,
        maxItems: MAX_STEPS,
        description: 'docs/scripts.md: `echo -6 > /sys/bus/ap/apmask`, `guest stop web`',
      }),
      ...atMoment,
    },
    closed,
  ),
  reply: Type.Object({
    host: HostName,
    asOf: Type.Optional(AsOf),
    at: Type.Object({
      revision: Type.Integer(),
      position: Type.Integer(),
      occurredAt: Type.String(),
      ...mayReach,
    }),
    steps: Type.Array(SupposedStep),
    lost: Type.Array(Share),
    gained: Type.Array(Share),
    hostQueues: Type.Object({ lost: Queues, gained: Queues }),
    outOfService: Type.Array(OutOfService, {
      description: 'cards by which nobody loses a queue, and whose queues nobody could use',
    }),
    changes: Type.Array(ViewChange),
    before: HostView,
    after: HostView,
  }),
});
export type WhatIf = Immutable<Static<(typeof whatIf)['reply']>>;
