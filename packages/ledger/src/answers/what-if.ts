/** What steps would do to a host, and to its users; nothing is recorded. */

import { Problem } from '@apledger/api';
import { streamOf } from '@apledger/events';
import type { Answer } from '../answer.ts';
import { inWords, isAsked, momentOf, placeAt, usedOf } from '../moment.ts';
import { BadStep } from '../what-if/suppose.ts';
import { whatIf as suppose } from '../what-if/what-if.ts';
import { unknownHost } from './hosts.ts';

export const whatIf: Answer<'whatIf'> = async (
  ledger,
  { host, steps, ...asked },
  { maxReplyBytes: maxBytes },
) => {
  const { handler } = ledger;
  const readModel = await ledger.views();
  const moment = isAsked(asked) ? { moment: await momentOf(ledger, asked) } : {};
  const answer = await suppose({ handler, readModel, host, steps, maxBytes, ...moment }).catch(asBadRequest);
  if (answer === undefined) throw unknownHost(host, inWords(asked));
  if (moment.moment === undefined) return answer;
  const { mayReach } = await placeAt(ledger, streamOf(host), moment.moment);
  const at = mayReach === undefined ? answer.at : { ...answer.at, mayReach };
  return { ...answer, at, asOf: usedOf(moment.moment) };
};

function asBadRequest(error: unknown): never {
  if (error instanceof BadStep) throw new Problem(400, 'invalid-step', error.message, {}, error);
  throw error;
}
