/** What steps would do to a host, and to its users; nothing is recorded. */
import { Problem } from '@apledger/api';
import type { Answer } from '../answer.ts';
import { inWords, isAsked, momentOf, usedOf } from '../moment.ts';
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
  return 'moment' in moment ? { ...answer, asOf: usedOf(moment.moment) } : answer;
};

function asBadRequest(error: unknown): never {
  if (error instanceof BadStep) throw new Problem(400, 'invalid-step', error.message, {}, error);
  throw error;
}
