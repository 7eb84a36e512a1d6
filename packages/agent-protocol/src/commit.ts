/** What an agent saw at once: facts that are recorded together or not at all. */
import type { Fact } from '@apledger/events';
import Type, { type Static } from 'typebox';

/** Facts of one commit: a whole host with 16 cards x 85 domains and 60 mdevs has about 400. */
export const MAX_FACTS = 4096;
/** Commits in one message. */
export const MAX_COMMITS = 256;

/** Checked again, each against its own schema, when the ledger records it. */
const AnyFact = Type.Unsafe<Fact>(Type.Object({ type: Type.String(), data: Type.Unknown() }));

export const Commit = Type.Object(
  {
    sequence: Type.Integer({ minimum: 1, description: 'counts the commits of an epoch, without gaps' }),
    occurredAt: Type.String({
      format: 'date-time',
      description: 'when it happened, as far as the agent can tell; RFC 3339 in UTC with milliseconds',
    }),
    actor: Type.String({
      minLength: 1,
      maxLength: 255,
      description: 'whom the evidence names, else `unattributed`',
    }),
    facts: Type.Array(AnyFact, {
      minItems: 1,
      maxItems: MAX_FACTS,
      description: 'the first is HostObserved, with the same epoch and sequence',
    }),
  },
  { additionalProperties: false },
);
export type Commit = Readonly<Static<typeof Commit>>;
