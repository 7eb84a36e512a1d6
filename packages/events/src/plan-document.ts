/**
 * A plan as a file and in facts: the steps that bring one host from the state that it was made for to another one, each with a hash of the
 * matrices that it is to end at. What a plan does to whom is not in it: it follows from the steps, and is worked out anew for everybody
 * who is shown it.
 */
import Type, { type Static } from 'typebox';
import { Digest } from './access-facts.ts';
import { type Command, commandSchemas } from './commands.ts';
import { Generation, GuestName, HostName, MdevUuid, QueueName } from './vocabulary.ts';

const closed = { additionalProperties: false };

/** The first field of every plan. */
export const PLAN_FORMAT = 'apledger-plan/v1';
/** Steps of one plan, at most. */
export const MAX_STEPS = 500;
/** Bytes of a plan's JSON, at most: it is one fact, and NATS and KurrentDB take a megabyte where nobody has raised it. */
export const MAX_PLAN_BYTES = 768 * 1024;
/** Queues that one wait is about: all of a card. */
const MAX_QUEUES = 256;

const Queues = Type.Array(QueueName, { minItems: 1, maxItems: MAX_QUEUES });

/** What a plan waits for, because nobody here can bring it about. */
export const Wait = Type.Union([
  Type.Object(
    { for: Type.Literal('guest-stopped'), mdev: MdevUuid, guest: Type.Union([GuestName, Type.Null()]) },
    { ...closed, description: 'nobody has the mdev open' },
  ),
  Type.Object(
    { for: Type.Literal('guest-migrated'), mdev: MdevUuid, guest: Type.Union([GuestName, Type.Null()]) },
    { ...closed, description: 'the guest runs elsewhere, and has let go of the mdev here' },
  ),
  Type.Object(
    { for: Type.Literal('queues-free'), queues: Queues },
    { ...closed, description: 'no guest can use them' },
  ),
  Type.Object(
    { for: Type.Literal('queues-reset'), queues: Queues },
    { ...closed, description: 'their last reset has answered 00' },
  ),
]);
export type Wait = Static<typeof Wait>;

const hashOf = (description: string) => Type.Unsafe<string>({ ...Digest, description });
const after = { after: hashOf('SHA-256 of the matrices after the step') };
const text = { text: Type.String({ maxLength: 8192, description: 'as a script spells it, or in words' }) };

const CommandStep = Type.Object(
  {
    ...text,
    command: Type.Unsafe<Command>(Type.Union(Object.values(commandSchemas))),
    ...after,
  },
  closed,
);
const WaitStep = Type.Object(
  {
    ...text,
    wait: Wait,
    withinMs: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], {
      description: 'the change is held when it takes longer; null = as long as it takes',
    }),
    ...after,
  },
  closed,
);
/** One command for the host, or one wait. */
export const PlannedStep = Type.Union([CommandStep, WaitStep]);
export type PlannedStep = Static<typeof PlannedStep>;

export const PlanDocument = Type.Object(
  {
    format: Type.Literal(PLAN_FORMAT),
    host: HostName,
    driver: Generation,
    purpose: Type.String({ minLength: 1, maxLength: 200, description: 'what it is for, in words' }),
    desired: Type.Union([Digest, Type.Null()], {
      description: 'SHA-256 of the canonical JSON of the desired state; null = it was made by a procedure',
    }),
    base: Type.Object(
      {
        revision: Type.Integer({ minimum: 0, description: 'of the host that it was made for' }),
        matrices: Digest,
      },
      closed,
    ),
    steps: Type.Array(PlannedStep, { maxItems: MAX_STEPS }),
    planHash: hashOf('SHA-256 of the canonical JSON (RFC 8785) of all of this but planHash'),
  },
  { ...closed, title: 'Plan for a host' },
);
export type PlanDocument = Static<typeof PlanDocument>;
