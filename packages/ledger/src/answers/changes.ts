/** Changes that need a second person. */
import { allowsFact, type Change, isOpenChange, whyNotApprove } from '@apledger/access';
import { type ChangeView, Problem, type Request } from '@apledger/api';
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
import type { HostState } from '@apledger/host';
import { actorOf, authOf, type Caller, notSignedIn } from '../access/caller.ts';
import { type Author, appendLedgerFacts } from '../access/facts.ts';
import { DAY_MS, validUntil } from '../access/validity.ts';
import type { Answer } from '../answer.ts';
import { needsApproval, plannedCommands } from '../changes/approval.ts';
import { carryOut } from '../changes/carry-out.ts';
import type { Indexed } from '../changes/change-index.ts';
import { judge, workOf } from '../changes/judge.ts';
import { proposerOf } from '../changes/proposer.ts';
import { planOfRest } from '../changes/rest.ts';
import { changeView, mayCommand, runView } from '../changes/view.ts';
import type { LogLedger } from '../log-ledger.ts';
import { unknownHost } from './hosts.ts';

const MAX_OPEN_MS = 30 * DAY_MS;
const DEFAULT_OPEN = '7d';
const DEFAULT_PAGE = 100;
/** Of 32 characters that cannot be taken for another. */
const ID_ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';

const randomId = (): string =>
  Array.from(
    crypto.getRandomValues(new Uint8Array(10)),
    (byte) => ID_ALPHABET[byte % ID_ALPHABET.length],
  ).join('');

const propose: Answer<'propose'> = async (ledger, request, { caller }) => {
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

const changes: Answer<'changes'> = async (
  ledger,
  { host, status, limit = DEFAULT_PAGE, after },
  { caller, sees },
) => {
  const isSeen = ({ proposal }: Change): boolean =>
    (host === undefined || proposal.host === host) &&
    sees?.({ stream: changeStreamOf(proposal.change), host: proposal.host }) !== false;
  const seen = (await ledger.changes.all()).filter(isSeen);
  const last = after === undefined ? -1 : seen.findIndex(({ proposal }) => proposal.change === after);
  if (after !== undefined && last < 0) throw unknownChange(after);
  const found: ChangeView[] = [];
  for (const change of seen.slice(last + 1)) {
    if (status !== undefined && status !== 'expired' && change.status !== status) continue;
    const view = await changeView(ledger, change, caller);
    if (status !== undefined && view.status !== status) continue;
    if (found.length === limit) return { changes: found, next: found.at(-1)?.change ?? null };
    found.push(view);
  }
  return { changes: found, next: null };
};

const change: Answer<'change'> = async (ledger, request, { caller }) => {
  const { change: found } = await known(ledger, request.change, caller);
  const { host, effect } = found.proposal;
  const view = await changeView(ledger, found, caller);
  const run = runView(found);
  if (!isOpenChange(found, ledger.access.at)) return { change: view, now: null, run };
  const { grants: _, revision: __, ...now } = await judge(ledger, host, await commandsIn(ledger, found));
  return { change: view, now: { ...now, isAsProposed: now.effect === effect }, run };
};

/** What the change would do to the host as it is now. */
async function commandsIn(ledger: LogLedger, { proposal, run }: Change): Promise<readonly Command[]> {
  const { content, host } = proposal;
  if ('commands' in content) return content.commands;
  return run === undefined ? [] : plannedCommands(ledger, host, run.proposed.steps);
}

const approve: Answer<'approve'> = async (ledger, request, { caller }) => {
  const { change: found, revision } = await known(ledger, request.change, caller);
  const { proposal } = found;
  const { host, work, effect, content } = proposal;
  const judgeBy = await mayJudge(ledger, found, caller, 'approve-change');
  const isBegun = found.status === 'approved';
  if (!isBegun) checkOpen(ledger, found);
  if (request.work !== work || request.effect !== effect)
    throw new Problem(
      409,
      'effect-differs',
      `What you agree to is not what change ${proposal.change} proposes: look at it again.`,
    );
  if (!isBegun) {
    const now = await judge(ledger, host, await commandsIn(ledger, found));
    if (now.effect !== effect)
      throw new Problem(
        409,
        'effect-differs',
        `Host ${host} is another by now: what change ${proposal.change} would do to it is not what was proposed. Have it proposed again.`,
      );
  }
  if (!isBegun) {
    const data = { change: proposal.change, host, work, effect };
    await record(ledger, proposal.change, revision, { type: 'ChangeApproved', data }, judgeBy);
  }
  if ('commands' in content) await carryOutNow(ledger, proposal.change, judgeBy);
  return shown(ledger, proposal.change, caller);
};

async function carryOutNow(ledger: LogLedger, id: string, author: Author): Promise<void> {
  const indexed = await ledger.changes.get(id);
  if (indexed?.change.status !== 'approved') return;
  const proposer = await proposerOf(ledger.log, id);
  await carryOut(ledger, indexed.change, indexed.revision, proposer, author);
}

const refuse: Answer<'refuse'> = async (ledger, { change: id, reason }, { caller }) => {
  const { change: found, revision } = await known(ledger, id, caller);
  const author = await mayJudge(ledger, found, caller, 'refuse-change');
  checkOpen(ledger, found);
  await record(
    ledger,
    id,
    revision,
    { type: 'ChangeRefused', data: { change: id, host: found.proposal.host, reason } },
    author,
  );
  return shown(ledger, id, caller);
};

const withdraw: Answer<'withdraw'> = async (ledger, { change: id, reason }, { caller }) => {
  const { change: found, revision } = await known(ledger, id, caller);
  const { host } = found.proposal;
  const by = found.proposedBy;
  const isOwn =
    caller === undefined || (by?.issuer === caller.subject.issuer && by.subject === caller.subject.subject);
  if (!isOwn)
    throw await ledger.access.denied(
      caller,
      'propose',
      host,
      'withdraw-change',
      `only who proposed change ${id} withdraws it`,
    );
  checkOpen(ledger, found);
  await record(
    ledger,
    id,
    revision,
    { type: 'ChangeWithdrawn', data: { change: id, host, reason } },
    authorOf(caller),
  );
  return shown(ledger, id, caller);
};

const start: Answer<'start'> = async (ledger, { change: id, planHash }, { caller }) => {
  const { change: found, revision } = await known(ledger, id, caller);
  const { host } = found.proposal;
  const author = await mayGiveCommands(ledger, host, caller, 'start-change');
  const { run } = found;
  if (run === undefined)
    throw new Problem(409, 'not-now', `Change ${id} has no plan: it is carried out when it is approved.`);
  if (run.proposed.planHash !== planHash)
    throw new Problem(
      409,
      'effect-differs',
      `Change ${id} has the plan ${run.proposed.planHash.slice(0, 12)}, not ${planHash.slice(0, 12)}: look at it again.`,
    );
  if (found.state !== 'proposed') return shown(ledger, id, caller);
  checkOpen(ledger, found);
  if (await needsApproval(ledger, found))
    throw new Problem(
      403,
      'needs-approval',
      `Change ${id} needs a second person: somebody else approves it with apledger change approve ${id}.`,
    );
  const stale = whyStaleNow(await ledger.handler.state(host), run.proposed);
  if (stale !== undefined) throw new Problem(409, 'stale-plan', `Change ${id} cannot be started: ${stale}.`);
  const data = { change: id, host, plan: planHash };
  await record(ledger, id, revision, { type: 'ChangeStarted', data }, author);
  return shown(ledger, id, caller);
};

const whyStaleNow = (state: HostState | undefined, plan: PlanDocument): string | undefined =>
  state === undefined ? 'its host is not there' : whyStale(state, plan);

const confirm: Answer<'confirm'> = async (ledger, { change: id }, { caller }) => {
  const { change: found, revision } = await known(ledger, id, caller);
  const { host } = found.proposal;
  const author = await mayGiveCommands(ledger, host, caller, 'confirm-change');
  const until = found.run?.confirmUntil;
  if (until === undefined)
    throw new Problem(409, 'not-now', `Change ${id} is ${found.status}: there is nothing to confirm.`);
  if (ledger.access.at >= until)
    throw new Problem(409, 'not-now', `Change ${id} could be confirmed until ${until}: it goes back.`);
  await decided(ledger, found, revision, { type: 'ChangeConfirmed', data: { change: id, host } }, author);
  return shown(ledger, id, caller);
};

const resume: Answer<'resume'> = async (ledger, { change: id, how, reason }, { caller }) => {
  const { change: found, revision } = await known(ledger, id, caller);
  const { host } = found.proposal;
  const author = await mayGiveCommands(ledger, host, caller, 'resume-change');
  const plan = how === 'continue' && found.state === 'held' ? await planOfRest(ledger, found) : null;
  const data = { change: id, host, how, reason, plan };
  await decided(ledger, found, revision, { type: 'ChangeResumed', data }, author);
  return shown(ledger, id, caller);
};

/** Records a decision that the machine allows. Throws Problem for any other. */
async function decided(
  ledger: LogLedger,
  change: Change,
  revision: number,
  fact: LedgerFact,
  author: Author,
): Promise<void> {
  const { change: id } = change.proposal;
  if (change.run === undefined || !allowsFact(change, fact))
    throw new Problem(
      409,
      'not-now',
      `Change ${id} is ${change.status}: apledger change show ${id} says what can be done with it.`,
    );
  await record(ledger, id, revision, fact, author);
}

async function mayGiveCommands(
  ledger: LogLedger,
  host: string,
  caller: Caller | undefined,
  asked: string,
): Promise<Author> {
  if (ledger.isControlled && !mayCommand(ledger, host, caller))
    await ledger.access.permit(caller, 'command', host, asked);
  return authorOf(caller);
}

const authorOf = (caller: Caller | undefined): Author =>
  caller === undefined ? { actor: 'owner of the log' } : { actor: actorOf(caller), auth: authOf(caller) };

/** Throws Problem for one that is not there, or that the caller may not see. */
async function known(ledger: LogLedger, id: string, caller: Caller | undefined): Promise<Indexed> {
  if (ledger.isControlled && caller === undefined) throw notSignedIn();
  const indexed = await ledger.changes.get(id);
  await ledger.access.sync();
  if (indexed !== undefined) {
    if (ledger.isControlled)
      await ledger.access.permit(caller, 'read', indexed.change.proposal.host, 'change');
    return indexed;
  }
  throw unknownChange(id);
}

const unknownChange = (id: string): Problem =>
  new Problem(
    404,
    'unknown-change',
    `There is no change ${id}; apledger change list shows those that there are.`,
  );

async function mayJudge(
  ledger: LogLedger,
  change: Change,
  caller: Caller | undefined,
  asked: string,
): Promise<Author> {
  const { access } = ledger;
  const { host, change: id } = change.proposal;
  if (caller === undefined)
    throw new Problem(
      403,
      'denied',
      `Change ${id} needs a second person, and who has the log itself cannot be told from another: approve it through the service, signed in.`,
    );
  await access.sync();
  const why = whyNotApprove(access.state, change, caller.subject, access.at);
  if (why !== undefined) throw await access.denied(caller, 'approve', host, asked, why);
  await access.permit(caller, 'approve', host, asked);
  return authorOf(caller);
}

function checkOpen(ledger: LogLedger, change: Change): void {
  if (isOpenChange(change, ledger.access.at)) return;
  const { change: id, until } = change.proposal;
  const how = change.status === 'proposed' ? `could be judged until ${until}` : `is ${change.status}`;
  throw new Problem(409, 'not-now', `Change ${id} ${how}: nobody has to judge it any more.`);
}

async function record(
  ledger: LogLedger,
  id: string,
  revision: number,
  fact: LedgerFact,
  author: Author,
): Promise<void> {
  try {
    await appendLedgerFacts(ledger.log, changeStreamOf(id), revision, [fact], author, ledger.access.at);
  } catch (error) {
    if (!(error instanceof WrongExpectedRevision)) throw error;
    throw new Problem(
      409,
      'not-now',
      `Somebody else has judged change ${id} at the same moment: look at it again.`,
      {},
      error,
    );
  }
}

async function shown(ledger: LogLedger, id: string, caller: Caller | undefined): Promise<ChangeView> {
  const { change: found } = await known(ledger, id, caller);
  return changeView(ledger, found, caller);
}

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

export const changesAnswers = {
  propose,
  changes,
  change,
  approve,
  refuse,
  withdraw,
  start,
  confirm,
  resume,
};
