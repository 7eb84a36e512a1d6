/**
 * Facts in the streams `change-<id>`, one stream a change: proposed by somebody, judged by others, carried out or not.
 * Who did each of these is in the envelope (`auth`).
 */
import Type, { type TProperties } from 'typebox';
import { Digest, Instant, Reason } from './access-facts.ts';
import { type Command, commandSchemas } from './commands.ts';
import { HostName } from './vocabulary.ts';

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
export const ChangeWork = Type.Union([
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

const about = { change: ChangeId, host: HostName };
/** Hashes of the work, and of what it does to the matrices as it was when it was judged. */
const judged = {
  work: Digest,
  effect: Digest,
};
const fact = <P extends TProperties>(properties: P, description: string) =>
  Type.Object(properties, { additionalProperties: false, description });

export const changeFactSchemas = {
  ChangeProposed: fact(
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
  ChangeApproved: fact(
    { ...about, ...judged },
    'somebody else agrees to exactly this work with exactly this effect',
  ),
  ChangeRefused: fact({ ...about, reason: Reason }, 'somebody else does not agree; the change is over'),
  ChangeWithdrawn: fact({ ...about, reason: Reason }, 'who proposed it does not want it any more'),
  ChangeCarriedOut: fact(
    {
      ...about,
      commands: Type.Array(Type.String(), { maxItems: MAX_COMMANDS, description: 'ids of the commands' }),
      revision: Type.Integer({ minimum: -1, description: 'of the host after the last of them' }),
    },
    'all of it was done',
  ),
  ChangeStopped: fact(
    {
      ...about,
      done: Type.Integer({ minimum: 0, description: 'commands carried out before' }),
      reason: Reason,
      effect: Type.Optional(Digest),
    },
    'it was not carried out, or not to the end: its effect had changed, or somebody may no longer do it',
  ),
};
