/** Under which id a host gets the command of a step: who gives it twice, or beside another process, has it done once. */
import type { ChangeRun } from '@apledger/access';
import { v5 } from 'uuid';

/** Of ids of steps; made up once. */
const NAMESPACE = '6f0f5c1e-9a3d-4b57-8a41-52c8d0e7b3aa';

/** UUIDv5 of the change, the plan that is carried out, the step and the attempt. */
export const stepId = (change: string, { plan, done, attempts }: ChangeRun): string =>
  v5(`${change} ${plan.planHash} ${done + 1} ${attempts + 1}`, NAMESPACE);
