/** Every operation, in the order in which documents list them. */
import { accessOperations } from './access.ts';
import { agentOperations } from './agent.ts';
import { changesOperations } from './changes.ts';
import { custodyOperations } from './custody.ts';
import { diff } from './diff.ts';
import { eventsOperations } from './events.ts';
import { evidenceOperations } from './evidence.ts';
import { hosts } from './hosts.ts';
import { matricesOperations } from './matrices.ts';
import type { ReplyOf, RequestTo } from './operation.ts';
import { plansOperations } from './plans.ts';
import { report } from './report.ts';
import { verifyOperations } from './verify.ts';
import { whatIf } from './what-if.ts';

export const operations = {
  hosts,
  ...matricesOperations,
  diff,
  whatIf,
  ...custodyOperations,
  report,
  ...eventsOperations,
  ...verifyOperations,
  ...accessOperations,
  ...changesOperations,
  ...plansOperations,
  ...evidenceOperations,
  ...agentOperations,
};
export type Operations = typeof operations;
export type OperationName = keyof Operations;
export type Request<Name extends OperationName> = RequestTo<Operations[Name]>;
export type Reply<Name extends OperationName> = ReplyOf<Operations[Name]>;
