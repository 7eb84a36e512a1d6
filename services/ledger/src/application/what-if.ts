/** What steps would do to a host, and to who uses it; nothing is recorded. */

import { GuestName, HostName, MdevUuid } from '@apledger/events';
import type { ViewChange } from '@apledger/projections';
import { whatIf as ask, BadStep } from '@apledger/what-if';
import Type from 'typebox';
import { CommandBody, FactBody, refusalFields } from './command.ts';
import { ChangeBody } from './diff.ts';
import { unknownHost } from './hosts.ts';
import { HostBody } from './matrices.ts';
import { atMoment, inWords, isAsked, momentOf } from './moment.ts';
import { operation } from './operation.ts';
import { Problem } from './problem.ts';

/** Each is decided on its own, one on top of the other. */
const MAX_STEPS = 100;
/** As long as a line of a script that is worth reading. */
const MAX_STEP = 4096;

export const ShareBody = Type.Object({
  guest: Type.Union([GuestName, Type.Null()]),
  mdev: MdevUuid,
  queues: Type.Array(Type.String()),
  controlDomains: Type.Array(Type.Integer()),
});
const Queues = Type.Array(Type.String());

export const whatIf = operation(
  {
    name: 'what-if',
    does: 'What steps, each a line as in a script, would do to a host now or as of any moment; nothing is recorded.',
  },
  {
    request: Type.Object(
      {
        steps: Type.Array(Type.String({ maxLength: MAX_STEP }), {
          minItems: 1,
          maxItems: MAX_STEPS,
          description: 'docs/scripts.md: `echo -6 > /sys/bus/ap/apmask`, `guest stop web`',
        }),
        ...atMoment,
      },
      { additionalProperties: false },
    ),
    reply: Type.Object({
      host: HostName,
      at: Type.Object({ revision: Type.Integer(), position: Type.Integer(), occurredAt: Type.String() }),
      steps: Type.Array(
        Type.Object({
          step: Type.String(),
          outcome: Type.Enum(['done', 'refused', 'blocked', 'nothing']),
          commands: Type.Array(CommandBody, {
            description: 'what it asks the host to do; none for a look',
          }),
          facts: Type.Array(FactBody),
          output: Type.String(),
          refusal: Type.Optional(Type.Object(refusalFields)),
        }),
      ),
      lost: Type.Array(ShareBody),
      gained: Type.Array(ShareBody),
      hostQueues: Type.Object({ lost: Queues, gained: Queues }),
      changes: Type.Array(Type.Unsafe<ViewChange>(ChangeBody)),
      before: HostBody,
      after: HostBody,
    }),
  },
  async (ledger, { steps, ...asked }, { host }) => {
    const { handler, readModel } = ledger;
    ledger.follow();
    const moment = isAsked(asked) ? { moment: await momentOf(ledger, asked) } : {};
    const answer = await ask({ handler, readModel, host, steps, ...moment }).catch(asBadRequest);
    if (answer === undefined) throw unknownHost(host, inWords(asked));
    return answer;
  },
);

function asBadRequest(error: unknown): never {
  if (error instanceof BadStep) throw new Problem(400, 'invalid-step', error.message, {}, error);
  throw error;
}
