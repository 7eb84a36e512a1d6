/**
 * Facts in the streams `change-<id>`, one stream a change: proposed by somebody, judged by others, carried out step by step, or not.
 * Who did each of these is in the envelope (`auth`). The lifecycle is the machine `change` of packages/machines (docs/machines.md).
 */
import Type from 'typebox';
import { Digest, Instant, Reason } from './access-facts.ts';
import { closedObject } from './closed-object.ts';
import { type Command, commandSchemas } from './commands.ts';
import { PlanDocument } from './plan-document.ts';
import { Errno, HostName } from './vocabulary.ts';

const PREFIX = 'change-';

/** The stream of a change. */
export const changeStreamOf = (change: string): string => PREFIX + change;
/** The change of a stream; undefined when the stream is none of a change. */
export const changeOf = (stream: string): string | undefined =>
  stream.startsWith(PREFIX) ? stream.slice(PREFIX.length) : undefined;

/** Also the number that a change has in a system for such, CHG0012345. */
export const ChangeId = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$',
  description: 'id of a change',
});
/** Commands of one change, at most. */
export const MAX_COMMANDS = 100;

/** What is done: the commands themselves, or the plan with this hash, kept where plans are kept. */
const ChangeWork = Type.Union([
  Type.Object(
    {
      commands: Type.Unsafe<readonly Command[]>(
        Type.Array(Type.Union(Object.values(commandSchemas)), { minItems: 1, maxItems: MAX_COMMANDS }),
      ),
    },
    { additionalProperties: false },
  ),
  Type.Object({ plan: Digest }, { additionalProperties: false }),
]);

/** Why a change is held, when it is not a refused or unconfirmed step. */
export const HOLD_CAUSES = [
  'other-matrices',
  'other-effect',
  'not-permitted',
  'not-begun',
  'no-way-back',
] as const;
export type HoldCause = (typeof HOLD_CAUSES)[number];
/** How a held change goes on. */
export const RESUME_WAYS = ['retry', 'continue', 'back', 'leave'] as const;
export type ResumeWay = (typeof RESUME_WAYS)[number];
/** What somebody had time for. */
export const DEADLINES = ['approval', 'wait', 'confirmation'] as const;
export type Deadline = (typeof DEADLINES)[number];
/** More of them help nobody. */
export const MAX_DIFFERENCES = 20;

const about = { change: ChangeId, host: HostName };
/** Hashes of the work, and of what it does to the matrices as it was when it was judged. */
const judged = {
  work: Digest,
  effect: Digest,
};
const step = {
  plan: Digest,
  step: Type.Integer({ minimum: 1, description: 'of the plan, counted from 1' }),
};
const end = {
  revision: Type.Integer({ minimum: -1, description: 'of the host' }),
  matrices: Digest,
};

export const changeFactSchemas = {
  ChangeProposed: closedObject(
    {
      ...about,
      ...judged,
      content: ChangeWork,
      reason: Reason,
      revision: Type.Integer({ minimum: -1, description: 'of the host when it was judged; for readers' }),
      until: Type.Union([Instant, Type.Null()], { description: 'cannot be approved afterwards' }),
    },
    'somebody asks for a second person; `work` is the hash of the content',
  ),
  ChangeApproved: closedObject(
    { ...about, ...judged },
    'somebody else agrees to exactly this work with exactly this effect',
  ),
  ChangeRefused: closedObject(
    { ...about, reason: Reason },
    'somebody else does not agree; the change is over',
  ),
  ChangeWithdrawn: closedObject({ ...about, reason: Reason }, 'who proposed it does not want it any more'),
  ChangeCarriedOut: closedObject(
    {
      ...about,
      commands: Type.Array(Type.String(), { maxItems: MAX_COMMANDS, description: 'ids of the commands' }),
      revision: Type.Integer({ minimum: -1, description: 'of the host after the last of them' }),
    },
    'all of it was done',
  ),
  ChangeStopped: closedObject(
    {
      ...about,
      done: Type.Integer({ minimum: 0, description: 'commands carried out before' }),
      reason: Reason,
      effect: Type.Optional(Digest),
    },
    'it was not carried out, or not to the end: its effect had changed, or somebody may no longer do it',
  ),
  ChangePlanned: closedObject(
    {
      ...about,
      plan: PlanDocument,
      confirmWithinMs: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], {
        description:
          'it goes back unless somebody confirms it within this time after its last step; null = no confirmation is needed',
      }),
    },
    'the plan that was proposed, with its steps; recorded together with ChangeProposed',
  ),
  ChangeStarted: closedObject({ ...about, plan: Digest }, 'from now on its steps are carried out'),
  StepStarted: closedObject(
    {
      ...about,
      ...step,
      attempt: Type.Integer({ minimum: 1, description: 'of this step of this plan' }),
      command: Type.Union([Type.String(), Type.Null()], {
        description: 'id under which the host gets the command; null = the step is a wait',
      }),
      until: Type.Union([Instant, Type.Null()], { description: 'a wait is given up then' }),
    },
    'a step is next: its command is given to the host, or its wait begins',
  ),
  StepDone: closedObject(
    { ...about, ...step, revision: Type.Integer({ minimum: 0, description: 'of the host after the step' }) },
    'the command was carried out, or the wait is over',
  ),
  StepRefused: closedObject(
    { ...about, ...step, errno: Errno, explanation: Type.String() },
    'the host refused the command; the change is held',
  ),
  StepUnconfirmed: closedObject(
    { ...about, ...step, reason: Reason },
    'it is not known whether the command was carried out; the change is held, and nothing is undone by itself',
  ),
  ChangeHeld: closedObject(
    {
      ...about,
      step: Type.Integer({ minimum: 0, description: 'steps of the plan that were done' }),
      because: Type.Unsafe<HoldCause>(Type.Enum([...HOLD_CAUSES])),
      reason: Reason,
      predicted: Type.Union([Digest, Type.Null()], { description: 'hash of the matrices as planned' }),
      actual: Type.Union([Digest, Type.Null()], { description: 'hash of the matrices as they are' }),
      differences: Type.Array(Type.String(), {
        maxItems: MAX_DIFFERENCES,
        description: 'from what was planned to what is, in words',
      }),
    },
    'somebody has to say how it goes on',
  ),
  ChangeResumed: closedObject(
    {
      ...about,
      how: Type.Unsafe<ResumeWay>(
        Type.Enum([...RESUME_WAYS], {
          description:
            'retry: the same step again; continue: the steps that are left, from the host as it is; back: to the host as it was before; leave: it stays as it is',
        }),
      ),
      reason: Reason,
      plan: Type.Union([PlanDocument, Type.Null()], {
        description: 'for continue: what is left, planned anew',
      }),
    },
    'somebody said how it goes on',
  ),
  ConfirmationAwaited: closedObject(
    { ...about, until: Instant },
    'all steps are done and have done what was planned; it goes back then unless somebody confirms it',
  ),
  ChangeConfirmed: closedObject({ ...about }, 'somebody confirmed it: it stays'),
  DeadlinePassed: closedObject(
    { ...about, deadline: Type.Unsafe<Deadline>(Type.Enum([...DEADLINES])), until: Instant },
    'nobody did in time what was waited for',
  ),
  ChangeGoesBack: closedObject(
    { ...about, plan: PlanDocument },
    'the way back, planned from the host as it is: it gives back assignments, not what a reset has wiped',
  ),
  ChangeDone: closedObject(
    { ...about, ...end },
    'all of the plan was done, and the host is as it was planned',
  ),
  ChangeWentBack: closedObject({ ...about, ...end }, 'what the plan had changed is as it was before'),
};
