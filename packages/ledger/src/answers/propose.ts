/** Proposing a change: commands or a plan, checked on the host as it is. */
import { Problem, type Request } from '@apledger/api';
import { checkedPlan, whyStale } from '@apledger/changes';
import { WrongExpectedRevision } from '@apledger/event-log';
import {
  type Command,
  changeStreamOf,
  type LedgerFact,
  type LedgerFactData,
  type PlanDocument,
  parseCommand,
} from '@apledger/events';
import { appendLedgerFacts } from '../access/facts.ts';
import { DAY_MS, validUntil } from '../access/validity.ts';
import type { Answer } from '../answer.ts';
import { plannedCommands } from '../changes/approval.ts';
import { judge, workOf } from '../changes/judge.ts';
import { shown } from '../changes/known.ts';
import type { LogLedger } from '../log-ledger.ts';
import { authorOf } from './access.ts';
import { unknownHost } from './hosts.ts';

const MAX_OPEN_MS = 30 * DAY_MS;
const DEFAULT_OPEN = '7d';
/** Of 32 characters that cannot be taken for another. */
const ID_ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';

const randomId = (): string =>
  Array.from(
    crypto.getRandomValues(new Uint8Array(10)),
    (byte) => ID_ALPHABET[byte % ID_ALPHABET.length],
  ).join('');

export const propose: Answer<'propose'> = async (ledger, request, { caller }) => {
  const { host, reason } = request;
  const { access, log } = ledger;
  const author = authorOf(caller);
  const until = validUntil(request.for ?? DEFAULT_OPEN, access.at, MAX_OPEN_MS, 'for');
  const { content, commands, planned } = await workIn(ledger, request);
  const judged = await judge(ledger, host, commands);
  if (judged.refusal !== null)
    throw new Problem(409, 'not-now', `The driver would refuse it: ${judged.refusal}`);
  const change = request.change ?? randomId();
  const { effect, revision } = judged;
  const data = { change, host, work: workOf(host, content), effect, content, reason, revision, until };
  const facts: LedgerFact[] = [{ type: 'ChangeProposed', data }];
  if (planned !== undefined) facts.push({ type: 'ChangePlanned', data: { change, host, ...planned } });
  try {
    await appendLedgerFacts(log, changeStreamOf(change), -1, facts, author, access.at);
  } catch (error) {
    if (!(error instanceof WrongExpectedRevision)) throw error;
    throw new Problem(
      409,
      'not-now',
      `There is a change ${change} already; a change is never proposed anew under its name.`,
    );
  }
  return shown(ledger, change, caller);
};

interface Work {
  readonly content: LedgerFactData<'ChangeProposed'>['content'];
  readonly commands: readonly Command[];
  readonly planned?: Pick<LedgerFactData<'ChangePlanned'>, 'plan' | 'confirmWithinMs'>;
}

/** Either commands or a plan. Throws Problem for what cannot be carried out on the host as it is. */
async function workIn(ledger: LogLedger, request: Request<'propose'>): Promise<Work> {
  const { host, commands: given, plan: document, confirmWithin } = request;
  if ((given === undefined) === (document === undefined))
    throw badRequest('give either commands or a plan', 'plan');
  if (document === undefined) {
    if (confirmWithin !== undefined) throw badRequest('is for plans only', 'confirmWithin');
    const commands = (given ?? []).map((command, index) => checkedCommand(command, host, index));
    return { content: { commands: [...commands] }, commands };
  }
  const plan = await checkedFor(ledger, host, document);
  return {
    content: { plan: plan.planHash },
    commands: await plannedCommands(ledger, host, plan.steps),
    planned: { plan, confirmWithinMs: confirmWithin === undefined ? null : confirmMs(ledger, confirmWithin) },
  };
}

/** Throws Problem for a plan that was edited, is for another host, or for a host that is another by now. */
async function checkedFor(ledger: LogLedger, host: string, value: unknown): Promise<PlanDocument> {
  const read = checkedPlan(value);
  if ('problem' in read) throw new Problem(400, 'bad-plan', `The plan cannot be used: ${read.problem}.`);
  const state = await ledger.handler.state(host);
  if (state === undefined) throw unknownHost(host);
  const stale = whyStale(state, read.plan);
  if (stale !== undefined) throw new Problem(409, 'stale-plan', `The plan cannot be used: ${stale}.`);
  if (read.plan.steps.length === 0)
    throw new Problem(409, 'not-now', 'The plan has no steps: there is nothing to do.');
  return read.plan;
}

const MAX_CONFIRM_MS = 7 * DAY_MS;

const confirmMs = ({ access: { at } }: LogLedger, length: string): number =>
  Date.parse(validUntil(length, at, MAX_CONFIRM_MS, 'confirmWithin')) - Date.parse(at);

const badRequest = (problem: string, field: string): Problem =>
  new Problem(400, 'invalid-request', 'The request is not what this asks for.', {
    problems: [`${field}: ${problem}`],
  });

function checkedCommand(value: unknown, host: string, index: number): Command {
  const parsed = parseCommand(value);
  const problems =
    'problems' in parsed
      ? parsed.problems
      : parsed.command.type === 'RegisterHost' && parsed.command.host !== host
        ? [`host: must be ${host}`]
        : [];
  if ('command' in parsed && problems.length === 0) return parsed.command;
  throw new Problem(400, 'invalid-command', 'The body is not a change.', {
    problems: problems.map((problem) => `commands.${index}.${problem}`),
  });
}
