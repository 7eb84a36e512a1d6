/** The answer to every operation. */
import type { OperationName } from '@apledger/api';
import type { Answer } from '../answer.ts';
import { accessAnswers } from './access.ts';
import { agentAnswers } from './agent.ts';
import { glassAnswers } from './break-glass.ts';
import { changesAnswers } from './changes.ts';
import { credentialAnswers } from './credentials.ts';
import { custodyAnswers } from './custody.ts';
import { diff } from './diff.ts';
import { eventsAnswers } from './events.ts';
import { evidenceAnswers } from './evidence.ts';
import { hosts } from './hosts.ts';
import { matricesAnswers } from './matrices.ts';
import { plansAnswers } from './plans.ts';
import { verifyAnswers } from './verify.ts';
import { whatIf } from './what-if.ts';

export const answers: { readonly [Name in OperationName]: Answer<Name> } = {
  hosts,
  ...matricesAnswers,
  diff,
  whatIf,
  ...custodyAnswers,
  ...eventsAnswers,
  ...verifyAnswers,
  ...accessAnswers,
  ...credentialAnswers,
  ...glassAnswers,
  ...changesAnswers,
  ...plansAnswers,
  ...evidenceAnswers,
  ...agentAnswers,
};
