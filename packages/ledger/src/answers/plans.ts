/** Plans: from a desired state or a procedure to steps, and what another driver would do with a host. Nothing is recorded. */
import { type PlannedReply, Problem } from '@apledger/api';
import {
  desiredSchemaDocument,
  type Planned,
  parseDesired,
  planFile,
  planProcedure,
  rehearseUpgrade,
} from '@apledger/changes';
import type { HostState } from '@apledger/host';
import type { Answer } from '../answer.ts';
import type { LogLedger } from '../log-ledger.ts';
import { unknownHost } from './hosts.ts';

const plan: Answer<'plan'> = async (ledger, { host, desired, procedure }) => {
  const state = await stateOf(ledger, host);
  if ((desired === undefined) === (procedure === undefined))
    throw new Problem(400, 'invalid-request', 'The request is not what this asks for.', {
      problems: ['desired: give either this or a procedure'],
    });
  if (procedure !== undefined) return replyOf(planProcedure(state, procedure), state);
  const read = parseDesired(desired ?? '');
  if ('desired' in read) return replyOf(planFile(state, read.desired), state);
  throw new Problem(400, 'bad-desired-state', 'The desired state cannot be read.', {
    problems: read.problems.map(({ line, column, problem }) => `${line}:${column}: ${problem}`),
  });
};

function replyOf({ steps, back, ...planned }: Planned, { position }: HostState): PlannedReply {
  // What the rules foresee of each step is long, and follows from the step.
  const shown = (list: Planned['steps']): PlannedReply['steps'] =>
    list.map(({ step, text, command, wait }) => ({
      step,
      text,
      ...(command !== undefined && { command }),
      ...(wait !== undefined && { wait }),
    }));
  return { ...planned, position, steps: shown(steps), back: shown(back) };
}

const desiredSchema: Answer<'desiredSchema'> = async () => desiredSchemaDocument();

const upgrade: Answer<'upgrade'> = async (ledger, { host, driver }) => {
  const state = await stateOf(ledger, host);
  const { revision, position } = state;
  return { host, revision, position, ...rehearseUpgrade(state, driver) };
};

async function stateOf({ handler }: LogLedger, host: string): Promise<HostState> {
  const state = await handler.state(host);
  if (state === undefined) throw unknownHost(host);
  return state;
}

export const plansAnswers = { plan, desiredSchema, upgrade };
